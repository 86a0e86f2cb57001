/** The API's objects, by the names that the server's description gives them. */
import type { components } from './schema'

type Schemas = components['schemas']

export type Change = Schemas['Change']
export type File = Schemas['File']
export type Imported = Schemas['Imported']
export type Message = Schemas['Message']
export type ModelInfo = Schemas['ModelInfo']
export type Problem = Schemas['Problem']
export type Run = Schemas['Run']
export type RunEvent = Schemas['RunEvent']
export type Server = Schemas['Server']
export type Session = Schemas['Session']
export type SessionView = Schemas['SessionView']
export type Source = Schemas['Source']
export type StartedRun = Schemas['StartedRun']
export type ToolCall = Schemas['ToolCall']
export type UpdateSession = Schemas['UpdateSession']
export type Usage = Schemas['Usage']
