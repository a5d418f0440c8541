"""Count lines of code without docstrings, comments and blanks: `python -m tests.benchmarks.lines_of_code reid`."""

import io
import sys
import tokenize
from pathlib import Path

SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def lines_of_code(source: str) -> int:
    """Count the lines that hold a token other than a comment or a string that is a whole statement."""
    counted: set[int] = set()
    statement: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in SILENT:
            statement.append(token)
        elif token.type == tokenize.NEWLINE:
            if any(part.type != tokenize.STRING for part in statement):
                counted.update(row for part in statement for row in range(part.start[0], part.end[0] + 1))
            statement = []
    return len(counted)


def main(folders: list[str]) -> int:
    """Print the lines of code of each folder, and of all."""
    counts = {
        name: sum(lines_of_code(file.read_text("utf-8")) for file in Path(name).rglob("*.py"))
        for name in folders
    }
    for name, count in [*counts.items(), ("all", sum(counts.values()))]:
        print(f"{count:7,} {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
