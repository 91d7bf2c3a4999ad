"""What migration tools write, in their less common forms."""

from pathlib import Path

import pytest

from agent.probe import ProbeError, Unreadable
from probes.postgres.tools.alembic import Alembic
from probes.postgres.tools.django import Django
from probes.postgres.tools.flyway import Flyway
from probes.postgres.tools.numbered import GolangMigrate, SchemaMigrations
from probes.postgres.tools.tool import Recorded

from .server import whole


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return [folder]


def revisions(**graph):
    """Files of Alembic: name to what it goes on from."""
    return {f"{name}.py": f"revision = {name!r}\ndown_revision = {after!r}\n" for name, after in graph.items()}


class TestAlembic:
    def test_branches_that_were_merged(self, tmp_path):
        folders = write(tmp_path, revisions(a=None, b="a", c="a", d=("b", "c")))
        plan = Alembic().plan(Alembic().recorded([("b",)], ""), folders, "")
        assert (plan.head, plan.pending) == ("d", ("c", "d"))

    def test_branches_that_were_not(self, tmp_path):
        folders = write(tmp_path, revisions(a=None, b="a", c="a"))
        recorded = Alembic().recorded([("b",), ("c",)], "")
        assert recorded.version == Unreadable("the database stands at 2 revisions: b, c")
        plan = Alembic().plan(recorded, folders, "")
        assert (plan.head, plan.pending) == (Unreadable("the heads are 2 revisions: b, c"), ())

    def test_a_dependency_comes_first(self, tmp_path):
        files = revisions(a=None, z=None)
        files["a.py"] += "depends_on = 'z'\n"
        plan = Alembic().plan(Recorded(None, ()), write(tmp_path, files), "")
        assert plan.pending == ("z", "a")

    def test_a_label_of_a_branch_is_no_revision(self, tmp_path):
        files = revisions(a=None)
        files["a.py"] += "depends_on = ('other@head',)\n"
        assert Alembic().plan(Recorded(None, ()), write(tmp_path, files), "").pending == ("a",)

    def test_a_file_that_goes_on_from_nothing(self, tmp_path):
        folders = write(tmp_path, revisions(b="a"))
        with pytest.raises(ProbeError, match=whole(f"{tmp_path}: b goes on from a, which is not there")):
            Alembic().plan(Recorded(None, ()), folders, "")

    def test_revisions_that_go_in_a_circle_end(self, tmp_path):
        folders = write(tmp_path, revisions(a="b", b="a", c="b"))
        assert Alembic().plan(Recorded(None, ()), folders, "").pending == ("a", "b", "c")

    def test_a_file_that_is_no_python(self, tmp_path):
        folders = write(tmp_path, {"a.py": "revision = ("})
        with pytest.raises(ProbeError, match=whole(f"{tmp_path}/a.py: no Python that can be read")):
            Alembic().plan(Recorded(None, ()), folders, "")

    def test_a_file_that_is_too_large(self, tmp_path):
        folders = write(tmp_path, {"a.py": "#" * ((1 << 20) + 1)})
        with pytest.raises(ProbeError, match=whole(f"{tmp_path}/a.py: more than 1048576 bytes, expected a migration")):
            Alembic().plan(Recorded(None, ()), folders, "")

    def test_a_file_that_leads_nowhere(self, tmp_path):
        (tmp_path / "a.py").symlink_to("gone")
        with pytest.raises(ProbeError, match=whole(f"{tmp_path}/a.py: no such file or directory")):
            Alembic().plan(Recorded(None, ()), [tmp_path], "")

    def test_what_is_computed_is_not_run(self, tmp_path):
        folders = write(tmp_path, {"a.py": "import sys\nrevision = sys.exit()\n", **revisions(b=None)})
        assert Alembic().plan(Recorded(None, ()), folders, "").pending == ("b",)

    def test_a_long_history(self, tmp_path):
        graph = {f"r{number}": f"r{number - 1}" if number else None for number in range(300)}
        plan = Alembic().plan(Recorded("r10", ("r10",)), write(tmp_path, revisions(**graph)), "")
        assert (plan.head, len(plan.pending), plan.pending[0]) == ("r299", 289, "r11")


SQUASHED = "class Migration:\n    replaces = [('shop', '0001_a'), ('shop', '0002_b')]\n"


class TestDjango:
    @pytest.mark.parametrize(
        ("applied", "pending"),
        [
            pytest.param((), ("shop.0001_squashed", "shop.0003_c"), id="a-new-database-takes-the-squashed-one"),
            pytest.param(("shop.0001_a",), ("shop.0002_b", "shop.0003_c"), id="half-way-goes-on-with-the-parts"),
            pytest.param(("shop.0001_a", "shop.0002_b"), ("shop.0003_c",), id="all-parts-are-the-squashed-one"),
            pytest.param(("shop.0001_squashed",), ("shop.0003_c",), id="the-squashed-one-is-all-parts"),
        ],
    )
    def test_squashed_migrations(self, tmp_path, applied, pending):
        files = {"0001_a.py": "", "0002_b.py": "", "0001_squashed.py": SQUASHED, "0003_c.py": ""}
        write(tmp_path, {f"shop/migrations/{name}": text for name, text in files.items()})
        plan = Django().plan(Recorded(None, applied), [tmp_path], "")
        assert (plan.pending, plan.unexpected) == (pending, ())

    def test_parts_that_were_deleted_are_not_unexpected(self, tmp_path):
        write(tmp_path, {"shop/migrations/0001_squashed.py": SQUASHED})
        plan = Django().plan(Recorded(None, ("shop.0001_a", "shop.0002_b")), [tmp_path], "")
        assert (plan.pending, plan.unexpected) == ((), ())

    def test_what_was_squashed_again(self, tmp_path):
        again = "class Migration:\n    replaces = [('shop', '0001_squashed')]\n"
        files = {"shop/migrations/0001_again.py": again, "shop/migrations/0001_squashed.py": SQUASHED}
        write(tmp_path, files)
        plan = Django().plan(Recorded(None, ("shop.0001_a", "shop.0002_b")), [tmp_path], "")
        assert plan.pending == ()

    def test_replaces_that_cannot_be_read_replaces_nothing(self, tmp_path):
        write(tmp_path, {"shop/migrations/0001_a.py": "class Migration:\n    replaces = old()\n"})
        assert Django().plan(Recorded(None, ()), [tmp_path], "").pending == ("shop.0001_a",)

    def test_a_relative_folder_of_one_app(self, tmp_path, monkeypatch):
        write(tmp_path, {"shop/migrations/0001_a.py": ""})
        monkeypatch.chdir(tmp_path / "shop")
        assert Django().plan(Recorded(None, ()), [Path("migrations")], "").pending == ("shop.0001_a",)


def history(*rows):
    """Rows of Flyway's table: version, script, type, success."""
    return Flyway().recorded(rows, "")


class TestFlyway:
    def test_what_was_undone_is_pending(self, tmp_path):
        folders = write(tmp_path, {"V1__a.sql": "", "V2__b.sql": ""})
        recorded = history(
            ("1", "V1__a.sql", "SQL", True),
            ("2", "V2__b.sql", "SQL", True),
            ("2", "U2__b.sql", "UNDO_SQL", True),
        )
        assert (recorded.version, Flyway().plan(recorded, folders, "").pending) == ("1", ("V2__b.sql",))

    def test_what_was_repaired_is_applied(self):
        recorded = history(("1", "V1__a.sql", "SQL", False), ("1", "V1__a.sql", "SQL", True))
        assert (recorded.applied, recorded.failed) == (("V1__a.sql",), ())

    def test_what_a_baseline_stands_for_is_applied(self, tmp_path):
        folders = write(tmp_path, {"V1__a.sql": "", "V2__b.sql": "", "V3__c.sql": "", "R__view.sql": ""})
        recorded = history(("2", "<< Flyway Baseline >>", "BASELINE", True))
        plan = Flyway().plan(recorded, folders, "")
        assert (recorded.version, plan.head, plan.pending) == ("2", "3", ("V3__c.sql", "R__view.sql"))
        (tmp_path / "V3__c.sql").unlink()
        (tmp_path / "R__view.sql").unlink()
        assert Flyway().plan(recorded, folders, "").pending == ()

    def test_migrations_in_java(self, tmp_path):
        folders = write(tmp_path, {"V1__Create.java": "", "R__View.java": "", "V2__Price.java": ""})
        recorded = history(("1", "db.migration.V1__Create", "JDBC", True), (None, "db.migration.R__View", "JDBC", True))
        plan = Flyway().plan(recorded, folders, "")
        assert (plan.pending, plan.unexpected) == (("V2__Price.java",), ())

    @pytest.mark.parametrize(("head", "reached"), [("1.9", True), ("1.10", True), ("1.10.0", True), ("1.11", False)])
    def test_versions_are_numbers(self, head, reached):
        assert Flyway().reached(Recorded("1.10", ("V1.10__a.sql",)), head) is reached


class TestNumbered:
    def test_a_version_that_the_folder_does_not_hold(self, tmp_path):
        folders = write(tmp_path, {"1_a.up.sql": "", "3_b.up.sql": ""})
        plan = GolangMigrate().plan(Recorded("2", ("2",)), folders, "")
        assert (plan.head, plan.pending, plan.unexpected) == ("3", ("3_b.up.sql",), ("2",))

    def test_a_later_version_has_reached_an_earlier_one(self):
        recorded = GolangMigrate().recorded([(12, False)], "")
        assert [GolangMigrate().reached(recorded, head) for head in ("2", "12", "000012_x.up.sql", "13")] == [
            True,
            True,
            True,
            False,
        ]
        assert not GolangMigrate().reached(Recorded(None, ()), "0")

    def test_numbers_are_compared_as_numbers(self, tmp_path):
        folders = write(tmp_path, {"001_a.rb": "", "9_b.rb": "", "010_c.rb": "", "11.sql": "", "12_d.down.sql": ""})
        recorded = SchemaMigrations().recorded([("1",), ("9",), ("10",)], "")
        plan = SchemaMigrations().plan(recorded, folders, "")
        assert (recorded.version, plan.head, plan.pending, plan.unexpected) == ("10", "11", ("11.sql",), ())
        assert SchemaMigrations().reached(recorded, "0010")
        assert not SchemaMigrations().reached(recorded, "2")
