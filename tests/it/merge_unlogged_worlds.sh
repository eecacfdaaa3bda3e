#!/bin/bash
# merge_unlogged_worlds.sh: what merge_unlogged.sh does, on MySQL 9, too, and under each row image.
exec bash "$(dirname "$0")/merge_unlogged.sh" long
