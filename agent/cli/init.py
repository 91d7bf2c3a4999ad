"""`gonogo init`: a commented profile to start from, or a draft from what is there."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from agent.drafts import ANNOUNCED, FORMATS, Drafted, File, drafted
from agent.drafts.page import Title
from agent.drafts.scalars import text
from agent.findings import SHIPPED
from agent.plan.outline import slug
from agent.problem import Problem, ProfileError, nearest
from agent.source import files

TEMPLATE = SHIPPED / "example.yaml"
_MANIFESTS = (".yaml", ".yml", ".json")


@click.command("init")
@click.argument("name", required=False)
@click.option(
    "--from",
    "origin",
    nargs=2,
    metavar="FORMAT SOURCE",
    help="Draft from SOURCE, a file or - for standard input. FORMAT: compose, kubernetes (also a folder of manifests), "
    "prometheus or goss.",
)
@click.option("--output", "-o", metavar="FILE", help="Write to FILE, - for standard output; default NAME.yaml.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def command(name: str | None, origin: tuple[str, str] | None, output: str | None, *, force: bool) -> None:
    """Write a commented profile to start from; NAME is what it is called, by default as this folder is.

    With --from it is a draft: what SOURCE tells of ports, pages, names and commands, as checks. Whatever is in
    SOURCE and not in the checks is listed at its end.
    """
    called = _called(name)
    file = output or f"{slug(called) or 'profile'}.yaml"
    made = _template(called, file) if origin is None else _draft(*origin, _title(called, file, origin[1]))
    if file == "-":
        click.echo(made.text, nl=False)
        return
    _write(file, made.text, force=force)
    click.echo(_told(file, made), err=True)


def _called(name: str | None) -> str:
    if name is None:
        return slug(Path.cwd().name) or "profile"
    called = name.removesuffix(".yaml").removesuffix(".yml").strip()
    if not called or "/" in called:
        raise click.UsageError(f"NAME is '{name}', expected a name; --output says where the file goes")
    return called


def _template(called: str, file: str) -> Drafted:
    """Give the profile that is shipped, under its new name."""
    shipped = TEMPLATE.read_text(encoding="utf-8")
    title = text(f"{called} after its deployment")
    made = shipped.replace("name: example\n", f"name: {text(called)}\n")
    made = made.replace("title: Example after its deployment\n", f"title: {title}\n")
    return Drafted(made.replace(TEMPLATE.name, _shown(called, file)), 0, 0)


def _title(called: str, file: str, source: str) -> Title:
    origin = "standard input" if source == "-" else Path(source).name or Path(source).resolve().name
    return Title(name=called, file=_shown(called, file), origin=origin, source=source)


def _shown(called: str, file: str) -> str:
    return f"{slug(called) or 'profile'}.yaml" if file == "-" else file


def _draft(form: str, source: str, title: Title) -> Drafted:
    if form in ANNOUNCED:
        raise click.UsageError(f"--from {form}: {ANNOUNCED[form]} are for a later version; there are {_known()}")
    if form not in FORMATS:
        raise click.UsageError(f"--from {form}: there is no such format{nearest(form, tuple(FORMATS))}")
    return drafted(form, _files(form, source), title)


def _known() -> str:
    *most, last = FORMATS
    return f"{', '.join(most)} and {last}"


def _files(form: str, source: str) -> list[File]:
    if source == "-":
        data = sys.stdin.buffer.read(files.LIMIT + 1)
        if len(data) > files.LIMIT:
            raise _refused(f"standard input is larger than {files.LIMIT // 1024**2} MiB")
        return [File("standard input", data)]
    path = Path(source)
    if FORMATS[form].several and path.is_dir():
        return [File(str(one), files.content(one)) for one in _manifests(path)]
    return [File(str(path), files.content(path))]


def _manifests(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix in _MANIFESTS and path.is_file())
    if not found:
        raise _refused(f"{folder}: holds no file that ends in {', '.join(_MANIFESTS)}")
    return found


def _write(file: str, made: str, *, force: bool) -> None:
    try:
        with Path(file).open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(made)
    except FileExistsError:
        raise _refused(f"{file} is there already: --force writes over it, --output names another") from None
    except OSError as error:
        raise _refused(f"{file} cannot be written: {(error.strerror or str(error)).lower()}") from None


def _refused(message: str) -> ProfileError:
    return ProfileError([Problem(message)])


def _told(file: str, made: Drafted) -> str:
    if not made.checks:
        return f"{file} is written: change its variables, then `gonogo validate {file} --no-values`"
    checks = f"{made.checks} {'check' if made.checks == 1 else 'checks'}"
    left = f"; {made.left} more things of the source are listed at its end" if made.left else ""
    return f"{file} is written: {checks}{left}. Read it before you rely on it"
