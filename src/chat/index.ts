export { cleanName, decodeEntry, encodeEntry, NAME_LENGTH, placeId, TEXT_BYTES, type Entry, type Place } from './entry.ts';
export { ChatView, type ChatMessage, type Rename } from './view.ts';
export { piecesOf } from './pieces.ts';
