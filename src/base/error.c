/* SPDX-License-Identifier: Apache-2.0
 * The texts of the errors. */
#include "base/error.h"

const char *error_text(int err)
{
	switch (err) {
	case 0: return "no error";
#define TRUNK_ERROR_CASE(name, text) case name: return text;
	TRUNK_ERRORS(TRUNK_ERROR_CASE)
#undef TRUNK_ERROR_CASE
	}
	return "unknown error";
}
