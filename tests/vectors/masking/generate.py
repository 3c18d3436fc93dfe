#!/usr/bin/env python3
"""Prints masking.json: test vectors of docs/MASKING.md, made without Mutual's code.

Needs python3-cryptography (any version from 38). Run: python3 generate.py > masking.json
"""
import hashlib
import itertools
import json
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN = "fed.example/audit"
STUDY = hashlib.sha256(b"masking vectors: study").digest()


def prefixed(*fields):
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


def number(value):
    return struct.pack(">Q", value)


def seed(*names):
    return hashlib.sha256("/".join(str(name) for name in names).encode()).digest()


def hkdf(key, info):
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(key)


def ids(label, node, mask_class):
    return prefixed(label.encode(), ORIGIN.encode(), STUDY, node.encode(), number(mask_class))


def classes(m, t):
    return [[j for j in range(m) if j not in excluded]
            for excluded in itertools.combinations(range(m), t - 1)]


def public(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def wrap(key, node, mask_class, holder, holder_public):
    ephemeral = X25519PrivateKey.from_private_bytes(seed("ephemeral", node, mask_class, holder))
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(holder_public))
    bound = ids("mutual/mask-wrap", node, mask_class) + prefixed(
        number(holder), public(ephemeral), holder_public)
    ciphertext = AESGCM(hkdf(shared, bound)).encrypt(bytes(12), key, bound)
    digest = hashlib.sha256(prefixed(b"mutual/mask-wrapped", number(mask_class), number(holder),
                                     public(ephemeral), ciphertext)).digest()
    return {"class": mask_class, "holder": holder,
            "ephemeral_private": seed("ephemeral", node, mask_class, holder).hex(),
            "ephemeral_public": public(ephemeral).hex(), "ciphertext": ciphertext.hex(),
            "digest": digest.hex()}


def ratchet(key, node, mask_class, r):
    for _ in range(r):
        key = hkdf(key, ids("mutual/mask-ratchet", node, mask_class))
    return key


def stream_key(key, node, mask_class, r):
    return hkdf(ratchet(key, node, mask_class, r),
                ids("mutual/mask-round", node, mask_class) + prefixed(number(r)))


def stream(key, words):
    encryptor = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
    return list(struct.unpack("<%dI" % words, encryptor.update(bytes(4 * words))))


def add(*vectors):
    return [sum(column) % 2**32 for column in zip(*vectors)]


def digest_of_words(words):
    return hashlib.sha256(struct.pack("<%dI" % len(words), *words)).hexdigest()


def masks_digest(node, commits, rows):
    text = prefixed(b"mutual/mask-masks", node.encode(), number(len(commits)))
    text += prefixed(*commits)
    for row in rows:
        text += prefixed(number(len(row)), *row)
    return hashlib.sha256(text).hexdigest()


def node_vector(node, values, r, all_classes, holder_publics):
    keys = [seed("key", node, c) for c in range(len(all_classes))]
    wrappings = [[wrap(keys[c], node, c, j, holder_publics[j]) for j in holders]
                 for c, holders in enumerate(all_classes)]
    commits = [hkdf(key, ids("mutual/mask-commit", node, c)) for c, key in enumerate(keys)]
    padded = values + [0] * (16 - len(values))
    masks = [stream(stream_key(key, node, c, r), len(padded)) for c, key in enumerate(keys)]
    return {
        "node": node,
        "keys": [key.hex() for key in keys],
        "commits": [commit.hex() for commit in commits],
        "wrappings": [wrapping for row in wrappings for wrapping in row],
        "masks_digest": masks_digest(
            node, commits, [[bytes.fromhex(w["digest"]) for w in row] for row in wrappings]),
        "ratchet": [ratchet(key, node, c, r).hex() for c, key in enumerate(keys)],
        "stream_keys": [stream_key(key, node, c, r).hex() for c, key in enumerate(keys)],
        "values": values,
        "masked": add(padded, *masks),
    }


def tally_digest(scrutineer, r, close_index, entry, class_digests):
    text = prefixed(b"mutual/mask-tally", number(scrutineer), STUDY, number(r),
                    number(close_index), entry)
    for c, digest in class_digests:
        text += prefixed(number(c), bytes.fromhex(digest))
    return hashlib.sha256(text).hexdigest()


def federation(m, t, r, node_values):
    all_classes = classes(m, t)
    privates = [seed("scrutineer", j) for j in range(m)]
    publics = [public(X25519PrivateKey.from_private_bytes(private)) for private in privates]
    nodes = [node_vector(node, values, r, all_classes, publics) for node, values in node_values]
    words = len(nodes[0]["masked"])
    sums = [add(*[stream(bytes.fromhex(node["stream_keys"][c]), words) for node in nodes])
            for c in range(len(all_classes))]
    digests = [digest_of_words(total) for total in sums]
    entry = seed("close", r)
    held = [[(c, digests[c]) for c, holders in enumerate(all_classes) if j in holders]
            for j in range(m)]
    return {
        "scrutineers": m, "threshold": t, "round": r,
        "scrutineer_private": [private.hex() for private in privates],
        "scrutineer_public": [key.hex() for key in publics],
        "nodes": nodes, "class_sums": sums, "class_digests": digests,
        "close_index": 41, "close_entry": entry.hex(),
        "tally_digests": [tally_digest(j, r, 41, entry, held[j]) for j in range(m)],
        "sum": add(*[node["values"] for node in nodes]),
    }


def main():
    long_stream = stream(seed("long stream"), 100_003)
    print(json.dumps({
        "origin": ORIGIN,
        "study": STUDY.hex(),
        "classes": [{"scrutineers": m, "threshold": t, "holders": classes(m, t)}
                    for m in range(2, 8) for t in range(2, m + 1)],
        "federations": [
            federation(4, 2, 3, [("north-07", list(range(5, 26))),
                                 ("south-01", [2**32 - 1 - 7 * i for i in range(21)]),
                                 ("west", [i * i for i in range(21)])]),
            federation(5, 3, 0, [("a", [1]), ("b", [2**32 - 3]), ("c", [40]), ("d", [0])]),
            federation(2, 2, 12, [("a", [9, 8]), ("b", [7, 6]), ("c", [5, 2**31])]),
        ],
        "long_stream": {"key": seed("long stream").hex(), "words": len(long_stream),
                        "digest": digest_of_words(long_stream), "last": long_stream[-1]},
    }, indent=1))


main()
