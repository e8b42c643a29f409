/* SPDX-License-Identifier: Apache-2.0
 * Commands about trunkctl itself: help, completion. */
#include "control/trunkctl.h"

static void print_options(FILE *out, const struct ctl_command *command)
{
	for (int i = 0; i < CTL_OPTIONS_MAX && command->options[i].name; i++) {
		const struct ctl_option *option = &command->options[i];

		fprintf(out, "  %s %s\n      %s\n", option->name, option->value ? option->value : "", option->sentence);
	}
}

static void print_all(FILE *out)
{
	fprintf(out, "usage: trunkctl [-c FILE] [-s SOCKET] [--json] COMMAND\n\n"
		     "  -c FILE    the configuration, which tells where the daemon listens (default " CTL_CONFIG_DEFAULT ")\n"
		     "  -s SOCKET  the control socket itself\n"
		     "  --json     for programs: one JSON value, or one object a line for long lists\n\n");
	for (const struct ctl_command *command = ctl_commands; command->name; command++)
		fprintf(out, "  %s %s\n      %s\n", command->name, command->arguments, command->sentence);
	fprintf(out, "\nExit: 0 done or yes, 1 no, 2 wrong usage, 3 the daemon can't be reached.\n");
}

static json_t *command_json(const struct ctl_command *command)
{
	json_t *options = json_array();

	for (int i = 0; i < CTL_OPTIONS_MAX && command->options[i].name; i++)
		json_array_append_new(options, json_pack("{s:s, s:s?, s:s}", "name", command->options[i].name, "value",
							 command->options[i].value, "sentence", command->options[i].sentence));
	return json_pack("{s:s, s:s, s:s, s:o}", "name", command->name, "arguments", command->arguments, "sentence",
			 command->sentence, "options", options);
}

static void print_help_json(struct ctl *ctl, const struct ctl_command *only)
{
	json_t *list = json_array();

	for (const struct ctl_command *command = ctl_commands; command->name; command++)
		if (!only || only == command)
			json_array_append_new(list, command_json(command));
	print_json(ctl->out, list, false);
	json_decref(list);
}

enum ctl_exit ctl_help(struct ctl *ctl)
{
	const struct ctl_command *command = ctl->count > 0 ? ctl_command_find(ctl->args[0]) : NULL;

	if (ctl->count > 0 && !command)
		return ctl_usage(ctl, "no command %s; `trunkctl help` lists them", ctl->args[0]);
	if (ctl->is_json) {
		print_help_json(ctl, command);
	} else if (command) {
		fprintf(ctl->out, "usage: trunkctl %s %s\n%s\n", command->name, command->arguments, command->sentence);
		print_options(ctl->out, command);
	} else {
		print_all(ctl->out);
	}
	return CTL_YES;
}

/* ---- completion ---- */

static void complete_command(FILE *out, const struct ctl_command *command)
{
	fprintf(out, "\t%s) words=\"", command->name);
	for (int i = 0; i < CTL_OPTIONS_MAX && command->options[i].name; i++)
		fprintf(out, "%s ", command->options[i].name);
	fprintf(out, "%s\" ;;\n", command->words ? command->words : "");
}

enum ctl_exit ctl_completion(struct ctl *ctl)
{
	if (strcmp(ctl->args[0], "bash") != 0)
		return ctl_usage(ctl, "completion %s: bash is all there is", ctl->args[0]);
	fprintf(ctl->out, "# bash completion for trunkctl, as `trunkctl completion bash` prints it\n"
			  "_trunkctl() {\n"
			  "\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= words= i\n"
			  "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
			  "\t\tcase ${COMP_WORDS[i]} in\n"
			  "\t\t-c | -s) ((i++)) ;;\n"
			  "\t\t-*) ;;\n"
			  "\t\t*) command=${COMP_WORDS[i]}; break ;;\n"
			  "\t\tesac\n"
			  "\tdone\n"
			  "\tcase $previous in\n"
			  "\t-c | -s) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
			  "\t--for) [[ $command == guide ]] && COMPREPLY=($(compgen -W \"prosody ejabberd openfire unbound "
			  "dnsmasq bind hosts\" -- "
			  "\"$current\")); return ;;\n"
			  "\tesac\n"
			  "\tcase $command in\n"
			  "\t\"\") words=\"-c -s --json");
	for (const struct ctl_command *command = ctl_commands; command->name; command++)
		fprintf(ctl->out, " %s", command->name);
	fprintf(ctl->out, "\" ;;\n");
	for (const struct ctl_command *command = ctl_commands; command->name; command++)
		complete_command(ctl->out, command);
	fprintf(ctl->out, "\tesac\n"
			  "\tCOMPREPLY=($(compgen -W \"$words --json\" -- \"$current\"))\n"
			  "\tcase $command in\n"
			  "\tcheck | import) COMPREPLY+=($(compgen -f -- \"$current\")) ;;\n"
			  "\thelp) COMPREPLY+=($(compgen -W \"");
	for (const struct ctl_command *command = ctl_commands; command->name; command++)
		fprintf(ctl->out, "%s ", command->name);
	fprintf(ctl->out, "\" -- \"$current\")) ;;\n"
			  "\tesac\n"
			  "}\n"
			  "complete -F _trunkctl trunkctl\n");
	return CTL_YES;
}
