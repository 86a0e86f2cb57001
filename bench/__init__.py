"""What each promise costs, beside baselines that are started in the same call.

    python -m bench                      all rows but the long ones, in under ten minutes
    python -m bench deltas first         one row, or several
    python -m bench --list               what there is
    python -m bench --json figures.json  every single value as well
    python -m bench.publish FILE…        what such files say, into docs/performance.md

The figures of one call belong together; those of another day, or another machine, do not.
docs/performance.md says how to read them.

The upstream is the tests' double (tests/upstream), and the relay and the load client are
here: the tests and the bench ask the same server, and neither mocks the SDK.
"""
