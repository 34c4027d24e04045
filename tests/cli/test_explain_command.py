from click.testing import CliRunner

from specc.cli.main import cli
from specc.source.explain import codes


def test_it_prints_a_page() -> None:
    result = CliRunner().invoke(cli, ["explain", "tab-indent"])
    assert result.stdout.startswith("# tab-indent: ")


def test_without_a_code_it_lists_all() -> None:
    lines = CliRunner().invoke(cli, ["explain"]).stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(codes())
    assert all(len(line.split()) > 2 for line in lines)


def test_an_unknown_code() -> None:
    result = CliRunner().invoke(cli, ["explain", "tab-indnt"])
    assert result.exit_code == 2
    assert "there is no code `tab-indnt`: did you mean `tab-indent`?" in result.stderr
    assert "`specc explain` lists all" in CliRunner().invoke(cli, ["explain", "zzz"]).stderr
