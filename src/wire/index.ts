export { create, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
export { decodeStrict, encode } from './strict.ts';

// One line for each file of proto/; `npm run proto` makes gen/.
export * from './gen/signed_pb.js';
export * from './gen/descriptor_pb.js';
export * from './gen/batch_pb.js';
export * from './gen/room_record_pb.js';
export * from './gen/identity_pb.js';
export * from './gen/keyring_pb.js';
export * from './gen/invite_pb.js';
export * from './gen/replica_pb.js';
export * from './gen/chat_pb.js';
export * from './gen/device_record_pb.js';
export * from './gen/operation_pb.js';
