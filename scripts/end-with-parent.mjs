/** Loaded before a relay of the local network: ends it when the process that started it has gone, however that went. */
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
