/* version: the one place that says which myrecon this is. */
#ifndef MR_VERSION_H
#define MR_VERSION_H

#define MR_VERSION "0.1"

#endif
