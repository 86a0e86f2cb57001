"""What each promise costs, beside baselines that are started in the same call.

    python -m bench            all rows, in under ten minutes
    python -m bench deltas     one row (or several)
    python -m bench --list     what there is

The figures of one call belong together; those of another day, or another machine, do not.
docs/performance.md says how to read them.
"""
