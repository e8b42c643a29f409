/* SPDX-License-Identifier: Apache-2.0
 * The command `import`: another server's settings turned into a trunkd.yaml. */
#include "control/openfire.h"
#include "control/trunkctl.h"

#include "control/foreign.h"

static void on_note(void *ctx, const char *text)
{
	ctl_warn(ctx, "note: %s", text);
}

static void on_problem(void *ctx, const struct config_problem *problem)
{
	ctl_warn(ctx, "%s", problem->text);
}

static enum ctl_exit read_file(struct ctl *ctl, struct openfire *openfire, const char *path)
{
	struct buf text = {0};
	int err = ctl_read_file(path, OPENFIRE_FILE_BYTES_MAX, &text);

	if (err == 0)
		err = openfire_read(openfire, buf_str(&text));
	buf_fini(&text);
	if (err == TRUNK_ENOENT)
		return ctl_no(ctl, "%s: no such file, or nothing of Openfire's settings in it", path);
	return err < 0 ? ctl_no(ctl, "%s: %s", path, error_text(err)) : CTL_YES;
}

/* The result is read as trunkd would read it, so that nobody finds out at the next start. */
static enum ctl_exit check(struct ctl *ctl, struct str text)
{
	struct config *config = NULL;

	if (config_load_text(text, "the result", on_problem, ctl, &config) < 0)
		return ctl_no(ctl, "the result still has errors; mend it before trunkd starts with it");
	config_free(&config);
	return CTL_YES;
}

static enum ctl_exit write_result(struct ctl *ctl, struct openfire *openfire)
{
	struct buf out = {0};
	enum ctl_exit exit = CTL_NO;
	json_t *json;

	if (openfire_write(openfire, &out, on_note, ctl) == 0) {
		if (ctl->is_json) {
			json = json_pack("{s:o}", "text", foreign_json(buf_str(&out)));
			print_json(ctl->out, json, false);
			json_decref(json);
		} else {
			ctl_write(ctl->out, buf_str(&out));
		}
		exit = check(ctl, buf_str(&out));
	}
	buf_fini(&out);
	return exit;
}

enum ctl_exit ctl_import(struct ctl *ctl)
{
	enum ctl_exit exit = CTL_YES;
	struct openfire openfire;

	if (strcmp(ctl->args[0], "openfire") != 0)
		return ctl_usage(ctl, "import %s: openfire is all there is", ctl->args[0]);
	if (openfire_init(&openfire) < 0)
		exit = ctl_no(ctl, "%s", error_text(TRUNK_ENOMEM));
	for (int i = 1; i < ctl->count && exit == CTL_YES; i++)
		exit = read_file(ctl, &openfire, ctl->args[i]);
	if (exit == CTL_YES)
		exit = write_result(ctl, &openfire);
	openfire_fini(&openfire);
	return exit;
}
