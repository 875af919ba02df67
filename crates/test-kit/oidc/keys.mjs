// Private signing keys: made when they are first asked for, then kept in a file.
import { generateKeyPairSync } from 'node:crypto';
import { readJson, writeJson } from './files.mjs';

const MAKERS = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

/** The JWKs of `wanted` (each a kid and an alg) in that order; all others are forgotten. */
export function signingKeys(path, wanted) {
  const kept = new Map(readJson(path, []).map((key) => [key.kid, key]));
  const keys = wanted.map(({ kid, alg }) => kept.get(kid) ?? make(kid, alg));
  writeJson(path, keys);
  return keys;
}

function make(kid, alg) {
  const { privateKey } = MAKERS[alg]();
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}
