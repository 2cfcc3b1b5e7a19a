# One image for the three apps, the migrations and the CLI; which one runs is the container's command.

FROM node:24-bookworm-slim AS build
WORKDIR /prejoin
COPY package.json package-lock.json .npmrc ./
# The optional packages are Node itself, for machines that lack it.
RUN npm ci --ignore-scripts --omit=optional
COPY tsconfig.json tsconfig.build.json ./
COPY apps apps
COPY libs libs
COPY stack stack
COPY demo demo
RUN npx tsc -p tsconfig.build.json

FROM node:24-bookworm-slim AS dependencies
WORKDIR /prejoin
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=optional --omit=dev

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /prejoin
COPY package.json ./
COPY bin bin
COPY --from=dependencies /prejoin/node_modules node_modules
COPY --from=build /prejoin/dist/apps dist/apps
COPY --from=build /prejoin/dist/libs dist/libs
USER node
CMD ["node", "dist/apps/command-api/src/main.js"]
