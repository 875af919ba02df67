// JSON files that a crash leaves whole.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** The content of a file, or `otherwise` when there is none. */
export function readJson(path, otherwise) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : otherwise;
}

export function writeJson(path, value) {
  writeFileSync(`${path}.new`, JSON.stringify(value));
  renameSync(`${path}.new`, path);
}
