export { projection } from '#projection';
