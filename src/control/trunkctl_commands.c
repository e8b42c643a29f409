/* SPDX-License-Identifier: Apache-2.0
 * The commands of trunkctl: the one source of parsing, help and completion. */
#include "control/trunkctl.h"

#define AS {"--as", "DOMAIN", "speak for this domain instead of the trunk's own"}

const struct ctl_command ctl_commands[] = {
	{"status", "", "Shows what runs: version, streams, memory, configuration.", ctl_status, 0, 0, NULL, {{0}}},
	{"spokes", "", "Lists the peers that the configuration names, how they are reached and how their links are.",
	 ctl_spokes, 0, 0, NULL, {{0}}},
	{"streams", "[DOMAIN]", "Lists the open streams of both legs, and how each side is proved.", ctl_streams, 0, 1, NULL,
	 {{"--long", NULL, "all that is known of each: ALPN, names and end of the peer's certificate, bytes, last failure"}}},
	{"probe", "DOMAIN", "Walks all steps to the server of DOMAIN and says where it stopped.", ctl_probe, 1, 1, NULL, {AS}},
	{"failures", "", "Lists recent attempts to reach a peer that failed.", ctl_failures, 0, 0, NULL,
	 {{"--retry", NULL, "probe each of these pairs again"}}},
	{"trace", "SPOKE|DOMAIN [SPOKE|DOMAIN]",
	 "Shows stanzas as they are judged, with their verdicts: all of one, or those between two ('ONE>OTHER': one way). Leaves an audit "
	 "record.",
	 ctl_trace, 1, 2, NULL,
	 {{"--seconds", "N", "how long; 60 unless set, at most 3600"},
	  {"--bodies", NULL, "show texts and values, too, which are hidden otherwise"}}},
	{"explain", "--from JID --to JID|--stanza FILE|-",
	 "Says what would become of a message between two addresses, or of a stanza, and why, without sending anything. By the running "
	 "daemon, or by the file of -c where none runs. Exit 0: it would pass.",
	 ctl_explain, 0, 0, NULL,
	 {{"--from", "JID", "the sender's address"},
	  {"--to", "JID", "the recipient's address"},
	  {"--stanza", "FILE|-", "a stanza as it would stand in a stream of jabber:server"},
	  {"--offline", NULL, "by the file of -c, even where a daemon runs"}}},
	{"policy", "diff FILE",
	 "Tells which of the stanzas that the audit has recorded would get another verdict under FILE than under the file of -c; needs no daemon.",
	 ctl_policy, 2, 2, "diff", {{"--limit", "N", "the newest N records (default 10000)"}}},
	{"rules", "", "Lists the rules in force and how many stanzas each has decided.", ctl_rules, 0, 0, NULL, {{0}}},
	{"reload", "", "Loads the configuration anew: all of it, or nothing and the reasons.", ctl_reload, 0, 0, NULL, {{0}}},
	{"close", "DOMAIN|ADDRESS",
	 "Closes the streams of a domain, or from and to an address; links dial again when there is something to send.",
	 ctl_close, 1, 1, NULL, {{0}}},
	{"block", "DOMAIN|ADDRESS", "Refuses a domain and all below it, or an address, and closes its streams.",
	 ctl_block, 1, 1, NULL,
	 {{"--for", "T", "how long, such as 30m or 12h; otherwise until unblocked or the daemon stops"}}},
	{"unblock", "DOMAIN|ADDRESS", "Ends a block.", ctl_unblock, 1, 1, NULL, {{0}}},
	{"blocks", "", "Lists the blocks.", ctl_blocks, 0, 0, NULL, {{0}}},
	{"queue", "[pause|resume|release|drop|bounce SENDER>TARGET|TARGET]",
	 "Lists what waits by pair, in memory and on disk, its age and why; holds it back, lets it go, forgets it, or gives it back to its senders.",
	 ctl_queue, 0, 2, "pause resume release drop bounce", {{0}}},
	{"drain", "SPOKE", "Ends the streams of a spoke in order and refuses new ones, until undrained, over reloads and restarts.", ctl_drain, 1, 1, NULL,
	 {{0}}},
	{"undrain", "SPOKE", "Ends a drain.", ctl_undrain, 1, 1, NULL, {{0}}},
	{"maintenance", "on|off", "Refuses all new streams, and lets those that are up go on; over reloads and restarts, too.", ctl_maintenance, 1, 1, "on off",
	 {{0}}},
	{"secret", "show-id|rotate|export|import",
	 "Shows the id of the dialback secret, makes a new one (the old one stays valid for 24 h), prints it, or reads one "
	 "from standard input.",
	 ctl_secret, 1, 1, "show-id rotate export import", {{0}}},
	{"audit", "[verify|export] [FILE]",
	 "Shows the records of verdicts, one line a stanza; `verify` says whether one was altered or removed, `export` prints all as they "
	 "stand, as lines of JSON. FILE: a store that was set aside. Needs no daemon.",
	 ctl_audit, 0, 2, "verify export",
	 {{"--since", "T", "from then on: ISO 8601 in UTC such as 2026-11-26T22:30:00Z, or an age such as 1h"},
	  {"--until", "T", "up to then"},
	  {"--from", "WHO", "sender: a domain, \"*.suffix\", or an address where audit.body keeps addresses"},
	  {"--to", "WHO", "target, likewise"},
	  {"--decision", "D", "pass, reject, drop, strip or bounce, several with commas"},
	  {"--rule", "NAME", "that decided"},
	  {"--limit", "N", "the newest N alone"},
	  {"--follow", NULL, "then wait for new ones; begins with the newest ten where nothing else is said"}}},
	{"check", "[FILE]", "Checks a configuration (default: that of -c) with its keys and certificates; needs no daemon.",
	 ctl_check, 0, 1, NULL, {{0}}},
	{"show", "options|schema|man",
	 "Prints the options of trunkd.yaml, a JSON schema for editors, or the manual page; needs no daemon.",
	 ctl_show, 1, 1, "options schema man", {{0}}},
	{"ca", "init --permit DOMAIN...|init --any|show|issue DOMAIN|export",
	 "Makes or shows the trunk's certificate authority (tls.issuer of the configuration); needs no daemon.",
	 ctl_ca, 1, CTL_ARGS_MAX, "init show issue export",
	 {{"--permit", NULL, "the domains that follow, and all below them, are what it may issue for"},
	  {"--any", NULL, "it may issue for every domain"}}},
	{"guide", "DOMAIN --for KIND",
	 "Prints what the administrator of the spoke that serves DOMAIN has to set; needs no daemon.",
	 ctl_guide, 1, 1, NULL,
	 {{"--for", "KIND", "prosody, ejabberd, openfire, unbound, dnsmasq, bind or hosts"},
	  {"--address", "ADDRESS", "the trunk's address as the spoke sees it, where `listen` does not tell"},
	  {"--resolver", "ADDRESS[@PORT]", "the resolver that knows the trunk (default 127.0.0.1), for prosody and ejabberd"},
	  {"--authority", "FILE", "where the spoke keeps the trunk's certificate authority"}}},
	{"import", "openfire FILE...",
	 "Turns Openfire's settings (XML configuration, text script of the embedded database) into a trunkd.yaml; needs no "
	 "daemon.",
	 ctl_import, 2, CTL_ARGS_MAX, "openfire", {{0}}},
	{"help", "[COMMAND]", "Shows this, or all about one command.", ctl_help, 0, 1, NULL, {{0}}},
	{"completion", "bash", "Prints a completion script for the shell.", ctl_completion, 1, 1, "bash", {{0}}},
	{NULL, NULL, NULL, NULL, 0, 0, NULL, {{0}}},
};

const struct ctl_command *ctl_command_find(const char *name)
{
	for (const struct ctl_command *command = ctl_commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}
