#!/bin/bash
# merge_erased_rows.sh: what merge_erased.sh does, on both families, and with decisions row by row.
exec bash "$(dirname "$0")/merge_erased.sh" all
