// What the provider remembers (sessions, grants, refresh tokens), kept in a file, so
// that a restart signs nobody out.
import { readJson, writeJson } from './files.mjs';

/** Beyond this the oldest entries go. */
const ENTRIES_MAX = 1000;

/** An adapter factory of oidc-provider: called with the name of each kind of entry. */
export function openStore(path) {
  const entries = new Map(readJson(path, []));
  const save = () => {
    for (const [key, { expires }] of entries) {
      if (expires <= Date.now() || entries.size > ENTRIES_MAX) entries.delete(key);
    }
    writeJson(path, [...entries]);
  };
  return (kind) => new Adapter(kind, entries, save);
}

class Adapter {
  constructor(kind, entries, save) {
    Object.assign(this, { kind, entries, save });
  }

  async upsert(id, payload, seconds) {
    // Without a lifetime, one that no test outlives.
    const expires = Date.now() + (seconds ?? 24 * 3600) * 1000;
    this.entries.set(this.key(id), { kind: this.kind, payload, expires });
    this.save();
  }

  async find(id) {
    const entry = this.entries.get(this.key(id));
    return entry && entry.expires > Date.now() ? entry.payload : undefined;
  }

  async findByUid(uid) {
    const [, entry] = this.ours().find(([, { payload }]) => payload.uid === uid) ?? [];
    return entry?.payload;
  }

  async consume(id) {
    this.entries.get(this.key(id)).payload.consumed = Math.floor(Date.now() / 1000);
    this.save();
  }

  async destroy(id) {
    this.entries.delete(this.key(id));
    this.save();
  }

  async revokeByGrantId(grantId) {
    for (const [key, { payload }] of this.ours()) {
      if (payload.grantId === grantId) this.entries.delete(key);
    }
    this.save();
  }

  key(id) {
    return `${this.kind}:${id}`;
  }

  ours() {
    return [...this.entries].filter(([, { kind, expires }]) => kind === this.kind && expires > Date.now());
  }
}
