/* SPDX-License-Identifier: Apache-2.0
 * The command line of trunkctl. */
#include "control/trunkctl.h"

#include "config/words.h"
#include "control/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void ctl_write(FILE *out, struct str text)
{
	fwrite(text.at, 1, text.len, out);
}

static void say(struct ctl *ctl, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

static void say(struct ctl *ctl, const char *format, va_list args)
{
	struct buf line = {0};
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		return;
	foreign_escape(&line, str_of(text));
	fprintf(ctl->err, "trunkctl: %.*s\n", STR_ARG(buf_str(&line)));
	buf_fini(&line);
	free(text);
}

void ctl_warn(struct ctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ctl, format, args);
	va_end(args);
}

enum ctl_exit ctl_no(struct ctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ctl, format, args);
	va_end(args);
	return CTL_NO;
}

enum ctl_exit ctl_usage(struct ctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ctl, format, args);
	va_end(args);
	return CTL_USAGE;
}

const char *ctl_value(const struct ctl *ctl, const char *name)
{
	for (int i = 0; i < CTL_OPTIONS_MAX && ctl->command->options[i].name; i++)
		if (strcmp(ctl->command->options[i].name, name) == 0)
			return ctl->values[i];
	return NULL;
}

static void print_problem(void *ctx, const struct config_problem *problem)
{
	struct ctl *ctl = ctx;

	if (!problem->is_warning)
		ctl_warn(ctl, "%s", problem->text);
}

struct config *ctl_config(struct ctl *ctl)
{
	struct config *config = NULL;
	const int err = config_load(ctl->config, print_problem, ctl, &config);

	if (err < 0)
		ctl_warn(ctl, "%s: %s; -c FILE names another one", ctl->config,
			 err == TRUNK_EINVAL ? "has errors" : error_text(err));
	return err < 0 ? NULL : config;
}

int ctl_read_file(const char *path, size_t limit, struct buf *out)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err = 0;

	if (fd < 0)
		return errno == ENOENT ? TRUNK_ENOENT : errno == EACCES ? TRUNK_EPERM : TRUNK_EIO;
	for (;;) {
		ssize_t len;

		if ((err = buf_reserve(out, 64 * 1024)) < 0)
			break;
		if ((len = read(fd, buf_space(out), 64 * 1024)) <= 0) {
			err = len < 0 ? TRUNK_EIO : 0;
			break;
		}
		buf_grew(out, (size_t)len);
		if (buf_len(out) > limit) {
			err = TRUNK_ELIMIT;
			break;
		}
	}
	close(fd);
	return err;
}

/* ---- the command line ---- */

struct line {
	struct ctl *ctl;
	const char *const *at;          /* the next word */
	int left;
	bool wants_help, wants_version, is_plain;       /* is_plain: behind "--" */
};

/* The value of an option: behind '=', or the next word. */
static enum ctl_exit line_value(struct line *line, const char *name, const char *behind, const char **ret_value)
{
	if (behind) {
		*ret_value = behind;
		return CTL_YES;
	}
	if (line->left == 0)
		return ctl_usage(line->ctl, "%s needs a value", name);
	*ret_value = *line->at++;
	line->left--;
	return CTL_YES;
}

static bool is_option(const char *word, const char *name, const char **ret_behind)
{
	const size_t len = strlen(name);

	*ret_behind = strncmp(word, name, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
	return *ret_behind || strcmp(word, name) == 0;
}

static enum ctl_exit line_command_option(struct line *line, const char *word)
{
	struct ctl *ctl = line->ctl;
	const char *behind;

	for (int i = 0; ctl->command && i < CTL_OPTIONS_MAX && ctl->command->options[i].name; i++) {
		const struct ctl_option *option = &ctl->command->options[i];

		if (!is_option(word, option->name, &behind))
			continue;
		if (option->value)
			return line_value(line, option->name, behind, &ctl->values[i]);
		if (behind)
			return ctl_usage(ctl, "%s takes no value", option->name);
		ctl->values[i] = "";
		return CTL_YES;
	}
	return ctl_usage(ctl, "unknown option %s; see `trunkctl help%s%s`", word, ctl->command ? " " : "",
			 ctl->command ? ctl->command->name : "");
}

static enum ctl_exit line_option(struct line *line, const char *word)
{
	struct ctl *ctl = line->ctl;
	const char *behind;

	if (is_option(word, "-c", &behind))
		return line_value(line, "-c", behind, &ctl->config);
	if (is_option(word, "-s", &behind))
		return line_value(line, "-s", behind, &ctl->socket);
	if (strcmp(word, "--json") == 0)
		ctl->is_json = true;
	else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		line->wants_help = true;
	else if (strcmp(word, "--version") == 0)
		line->wants_version = true;
	else if (strcmp(word, "--") == 0)
		line->is_plain = true;
	else
		return line_command_option(line, word);
	return CTL_YES;
}

static enum ctl_exit line_command(struct line *line, const char *word)
{
	struct nearest nearest = {.word = str_of(word)};

	if ((line->ctl->command = ctl_command_find(word)))
		return CTL_YES;
	for (const struct ctl_command *command = ctl_commands; command->name; command++)
		nearest_offer(&nearest, command->name);
	if (nearest.best)
		return ctl_usage(line->ctl, "no command %s; did you mean %s?", word, nearest.best);
	return ctl_usage(line->ctl, "no command %s; `trunkctl help` lists them", word);
}

static enum ctl_exit line_read(struct line *line)
{
	struct ctl *ctl = line->ctl;
	enum ctl_exit exit = CTL_YES;

	while (line->left > 0 && exit == CTL_YES) {
		const char *word = *line->at++;

		line->left--;
		if (!line->is_plain && word[0] == '-' && word[1])
			exit = line_option(line, word);
		else if (!ctl->command)
			exit = line_command(line, word);
		else if (ctl->count == CTL_ARGS_MAX)
			exit = ctl_usage(ctl, "too many arguments");
		else
			ctl->args[ctl->count++] = word;
	}
	return exit;
}

enum ctl_exit ctl_main(int argc, const char *const *argv, FILE *out, FILE *err)
{
	struct ctl ctl = {.config = CTL_CONFIG_DEFAULT, .out = out, .err = err, .wall_ms = (int64_t)time(NULL) * 1000};
	struct line line = {.ctl = &ctl, .at = argv + 1, .left = argc > 0 ? argc - 1 : 0};

	if (line_read(&line) != CTL_YES)
		return CTL_USAGE;
	if (line.wants_version) {
		fprintf(out, "trunkctl %s\n", TRUNK_VERSION);
		return CTL_YES;
	}
	if (line.wants_help) {
		if (ctl.command)
			ctl.args[0] = ctl.command->name;
		ctl.count = ctl.command ? 1 : 0;
		return ctl_help(&ctl);
	}
	if (!ctl.command) {
		ctl_usage(&ctl, "which command? `trunkctl help` lists them");
		return CTL_USAGE;
	}
	if (ctl.count < ctl.command->least || ctl.count > ctl.command->most)
		return ctl_usage(&ctl, "usage: trunkctl %s %s", ctl.command->name, ctl.command->arguments);
	return ctl.command->run(&ctl);
}
