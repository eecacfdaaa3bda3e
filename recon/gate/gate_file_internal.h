/* gate_file_internal: what writing and reading of facts share.  Private to gate_file*.c. */
#ifndef MR_GATE_FILE_INTERNAL_H
#define MR_GATE_FILE_INTERNAL_H

/* The file ends in SEAL, 64 hex digits, and TAIL. */
#define MR_GATE_SEAL ",\"sha256\":\""
#define MR_GATE_TAIL "\"}\n"

#endif
