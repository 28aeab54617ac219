"""Tests of a kernel's own tests: the mark, the fixture, and what they say."""

from __future__ import annotations

import pytest

from conformance.tests.checking.kernels import RIGHT, WRONG

pytest_plugins = ["pytester"]

TEST = """
import pytest
from kernel import batch_norm

@pytest.mark.conformance({mark})
def test_batch_norm(conformance_case):
    conformance_case.check()
"""


@pytest.fixture
def repository(pytester: pytest.Pytester) -> pytest.Pytester:
    """A repository with a kernel and a test of it."""
    pytester.makepyfile(kernel=RIGHT, test_kernel=TEST.format(mark="batch_norm, case='dense/*'"))
    return pytester


def run(repository: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run the repository's tests in a process of their own."""
    return repository.runpytest_subprocess("-p", "no:cacheprovider", *options)


def test_a_case_is_a_test(repository: pytest.Pytester) -> None:
    """Names hold case, mode and type; what the kernel does not take is skipped with the reason."""
    done = run(repository, "-v", "-rs")
    done.stdout.fnmatch_lines(
        [
            "*test_batch_norm[[]dense/train-float32[]] PASSED*",
            "*no float16*",
        ]
    )
    assert done.ret == 0


def test_a_failure_says_what_is_wrong(repository: pytest.Pytester) -> None:
    """The failing test shows the output, element, bound and command; the end has the diagnosis."""
    repository.makepyfile(
        kernel=WRONG, test_kernel=TEST.format(mark="batch_norm, case='spatial/*'")
    )
    for options in ((), ("-n", "2")):
        done = run(repository, *options)
        done.stdout.fnmatch_lines(
            [
                "*dx: fail: * off by *, bound *",
                "*conformance check kernel:batch_norm --case spatial/*",
                "diagnosis: kernel:batch_norm: dx: matches *(dx-divides-by-batch)*",
            ]
        )
        assert done.ret == 1


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("", "*Mark it: @pytest.mark.conformance(batch_norm)*"),
        ("batch_norm, case='no/such'", "*no case matches 'no/such'*"),
        ("batch_norm, cases='dense/*'", "*the mark conformance has cases. Its options are*"),
        ("batch_norm, where='C == 37'", "*lies in the scope of its kernel: C == 37*"),
        ("batch_norm, where='C is odd'", "*the predicate 'C is odd' is not understood*"),
        ("batch_norm, declare={'rank': 4}", "*has 'rank'. Its keys may be*"),
        ("batch_norm, dialect='momentum=x'", "*there is no convention momentum=x*"),
    ],
)
def test_a_mark_that_selects_nothing_is_an_error(
    repository: pytest.Pytester, mark: str, words: str
) -> None:
    """Nothing tested is never a pass, and the message says what to write."""
    repository.makepyfile(test_kernel=TEST.format(mark=mark))
    done = run(repository)
    done.stdout.fnmatch_lines([words])
    assert done.ret != 0


def test_what_does_not_load_fails_every_test(repository: pytest.Pytester) -> None:
    """A kernel that is given by name and is not there fails with the reason, and is not skipped."""
    mark = "'no_such_kernel.py:f', case='dense/train-float32'"
    repository.makepyfile(test_kernel=TEST.format(mark=mark))
    done = run(repository)
    done.stdout.fnmatch_lines(["*there is no file no_such_kernel.py*"])
    done.assert_outcomes(errors=1)


def test_two_kernels_do_not_mix(repository: pytest.Pytester) -> None:
    """Each mark has its own kernel and its own process."""
    repository.makepyfile(
        other=WRONG,
        test_other=TEST.replace("kernel", "other").format(mark="batch_norm, case='spatial/*'"),
    )
    done = run(repository)
    lines = done.outlines
    assert not [line for line in lines if line.startswith("diagnosis: kernel:")]
    assert [line for line in lines if line.startswith("diagnosis: other:")]
