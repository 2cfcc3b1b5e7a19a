export { LoggerModule } from 'nestjs-pino';
