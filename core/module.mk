LIB_SRC += $(wildcard core/*/*.c)

# What pages carry along: styles and scripts, as arrays in C.
# NAME FILES: an array of that name behind "mr_", the files one after the other, and its size
as_array = { echo 'const unsigned char mr_$(1)[] = {'; \
    cat $(2) | od -An -v -tu1 | sed 's/[0-9][0-9]*/&,/g'; \
    echo '};'; echo 'const size_t mr_$(1)_size = sizeof mr_$(1);'; }
