from specc.source.explain import codes, explain


def test_each_page_begins_with_its_code() -> None:
    for code in codes():
        page = explain(code)
        assert page is not None
        assert page.startswith(f"# {code}: "), code
        assert "```" in page, code


def test_unknown_codes_have_no_page() -> None:
    assert explain("../codes/bad-key") is None
    assert explain("nonsense") is None
