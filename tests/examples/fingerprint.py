"""Fingerprints of the articles behind examples/meta-ai.yaml, so that the tests need not hold the articles.

    python tests/examples/fingerprint.py FILE...

writes beside this file, for the given articles,

- articles.json: by source id the SHA-256 of the bytes, the number of lines and the lines that are not
  empty. A file is known by its hash, which the source in the example states;
- shingles.bin: a hash of every run of seven words in them, by which a copied sentence is noticed.
"""

import hashlib
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from ruamel.yaml import YAML

HERE = Path(__file__).parent
EXAMPLE = HERE.parent.parent / "examples" / "meta-ai.yaml"
ARTICLES = HERE / "articles.json"
SHINGLES = HERE / "shingles.bin"
RUN = 7  # words
WIDTH = 4  # bytes of a hash


def words(text: str) -> list[str]:
    """The words in lower case, without accents; every other character parts words."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.findall(r"\w+", bare.lower())


def shingles(text: str) -> Iterator[bytes]:
    """The hash of every run of seven words."""
    found = words(text)
    for start in range(len(found) - RUN + 1):
        yield hashlib.sha256(" ".join(found[start : start + RUN]).encode()).digest()[:WIDTH]


def lines(raw: bytes) -> list[str]:
    """The lines as `cat -n` numbers them, from 1."""
    return raw.decode("utf-8").removesuffix("\n").split("\n")


def ranges(numbers: Iterable[int]) -> str:
    """Numbers and runs of them: `1 3-5` for 1, 3, 4 and 5."""
    runs = ([number for _, number in run] for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]))
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def main(paths: list[str]) -> None:
    sources = YAML(typ="base", pure=True).load(EXAMPLE)["sources"]
    ids = {s["content_hash"].removeprefix("sha256:"): key for key, s in sources.items()}
    articles: dict[str, dict[str, object]] = {}
    hashes: set[bytes] = set()
    for path in paths:
        raw = Path(path).read_bytes()
        sha256 = hashlib.sha256(raw).hexdigest()
        if sha256 not in ids:
            sys.exit(f"{path}: no source of {EXAMPLE.name} has content_hash sha256:{sha256}")
        numbered = list(enumerate(lines(raw), 1))
        articles[ids[sha256]] = {
            "sha256": sha256,
            "lines": len(numbered),
            "not_empty": ranges(number for number, line in numbered if line.strip()),
        }
        hashes.update(shingles(raw.decode("utf-8")))
    ARTICLES.write_text(json.dumps(articles, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    SHINGLES.write_bytes(b"".join(sorted(hashes)))


if __name__ == "__main__":
    main(sys.argv[1:])
