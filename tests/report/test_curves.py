from __future__ import annotations

from pathlib import Path

from specc.report.curves import draw_curves, panels, read_rows
from specc.training.folder import RunRecord, create

RECORD = RunRecord("net", "finished", "2026-01-01T00:00:00+00:00", 0, "auto")
PNG = b"\x89PNG\r\n"


def test_every_metric_has_a_panel(tmp_path: Path) -> None:
    folder = create(tmp_path, RECORD)
    folder.write_text("metrics.csv", "epoch,stage,loss,val_loss,mae\n1,a,1.0,2.0,\n2,b,0.5,1.5,0.1\n")
    assert panels(read_rows(folder.metrics)) == ["loss", "mae"]
    assert draw_curves(folder) == tmp_path / "curves.png"
    assert (tmp_path / "curves.png").read_bytes().startswith(PNG)


def test_a_run_without_a_whole_epoch_has_no_picture(tmp_path: Path) -> None:
    assert draw_curves(create(tmp_path, RECORD)) is None
    assert not (tmp_path / "curves.png").exists()
