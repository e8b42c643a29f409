/* SPDX-License-Identifier: Apache-2.0
 * The program trunkctl. */
#include "control/trunkctl.h"

#include <signal.h>

int main(int argc, char **argv)
{
	enum ctl_exit exit;

	signal(SIGPIPE, SIG_IGN);
	exit = ctl_main(argc, (const char *const *)argv, stdout, stderr);
	/* An answer that did not arrive, as on a full disk, is no answer. */
	if (fflush(stdout) != 0 && exit == CTL_YES)
		return CTL_NO;
	return (int)exit;
}
