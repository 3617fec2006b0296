// What a Node program does all day: JSON, maps, buffers, compression, hashes, worker threads.
'use strict';

const crypto = require('crypto');
const zlib = require('zlib');
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');

const digest = (data) => crypto.createHash('sha256').update(data).digest('hex').slice(0, 16);

function records(count) {
  return Array.from({ length: count }, (_, i) => ({ id: i, name: 'name ' + (i * 7919 % 10007), tags: [i % 3, i % 5] }));
}

function buffers(count) {
  const parts = [];
  for (let i = 0; i < count; i++) parts.push(Buffer.alloc(i % 5000, i % 251));
  return Buffer.concat(parts);
}

async function main(scale) {
  const data = records(60000 * scale / 100);
  const text = JSON.stringify(data);
  console.log('json', text.length, digest(text), JSON.stringify(JSON.parse(text)) === text);

  const groups = new Map();
  for (const record of data) groups.set(record.name, (groups.get(record.name) || 0) + 1);
  console.log('map', groups.size, digest([...groups].sort().join()));

  const bytes = buffers(4000 * scale / 100);
  console.log('buffers', bytes.length, digest(bytes));
  console.log('gzip', zlib.gunzipSync(zlib.gzipSync(bytes)).equals(bytes));
  console.log('brotli', zlib.brotliDecompressSync(zlib.brotliCompressSync(text.slice(0, 200000))).length);

  const workers = [1, 2, 3, 4].map((seed) => new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: { seed, scale } });
    worker.on('message', resolve);
    worker.on('error', reject);
  }));
  console.log('workers', (await Promise.all(workers)).join(' '));
}

if (isMainThread) {
  main(Number(process.argv[2])).catch((error) => {
    console.error(error);
    process.exit(1);
  });
} else {
  const { seed, scale } = workerData;
  parentPort.postMessage(digest(buffers(500 * seed * scale / 100)) + digest(JSON.stringify(records(5000 * seed * scale / 100))));
}
