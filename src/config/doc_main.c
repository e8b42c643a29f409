/* SPDX-License-Identifier: Apache-2.0
 * Writes the pages that come from the tables of options while the project is built: config-doc man | schema. */
#include "config/config.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct buf out = {0};
	int err = TRUNK_EINVAL;

	if (argc == 2 && strcmp(argv[1], "man") == 0)
		err = config_show_man(&out);
	else if (argc == 2 && strcmp(argv[1], "schema") == 0)
		err = config_show_schema(&out);
	if (err == 0 && fwrite(buf_str(&out).at, 1, buf_len(&out), stdout) != buf_len(&out))
		err = TRUNK_EIO;
	buf_fini(&out);
	if (err < 0)
		fprintf(stderr, "config-doc: %s\n", error_text(err));
	return err < 0;
}
