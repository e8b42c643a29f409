/* SPDX-License-Identifier: Apache-2.0
 * Filters in C for trunkd. docs/modules.md is the tutorial, examples/modules/ has one that works.
 *
 * A module is a shared object with one symbol, `trunk_module`. It becomes part of the daemon: it runs in its process and with its
 * rights, nothing limits its time and memory, and when it crashes, the daemon does. What it allocates it frees.
 *
 * The structs grow at their ends only; `size` is the size that their maker knew, so ask it before you read what was added later
 * than the version that you were built with: TRUNK_HAS(). TRUNK_MODULE_ABI changes where an old module could not go on. */
#ifndef TRUNK_MODULE_H
#define TRUNK_MODULE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TRUNK_MODULE_ABI 1

/* Whether the struct that `at` points to is so large that it has `member`. */
#define TRUNK_HAS(at, member) ((at)->size >= offsetof(__typeof__(*(at)), member) + sizeof((at)->member))

/* A run of bytes, UTF-8, not ended by NUL. at NULL: absent. */
struct trunk_str {
	const char *at;
	size_t len;
};

enum trunk_kind { TRUNK_MESSAGE = 1, TRUNK_PRESENCE = 2, TRUNK_IQ = 3 };

/* What is asked of a text. */
enum trunk_text {
	TRUNK_TEXT_BODY = 1,            /* all bodies, with line feeds between */
	TRUNK_TEXT_SUBJECT = 2,
	TRUNK_TEXT_ALL = 3,             /* all character data of all payloads; what stands in elements runs together */
	TRUNK_TEXT_ALL_APART = 4,       /* the same with blanks where elements begin and end */
	TRUNK_TEXT_VALUES = 5,          /* the values of all attributes of all payloads, each in a line */
	TRUNK_TEXT_XML = 6,             /* the whole stanza in canonical form */
	TRUNK_TEXT_FOLDED = 7,          /* TRUNK_TEXT_ALL_APART without tricks of writing: see `fold` in docs/filters.md */
};

/* The stanza that is judged, decoded. Borrowed for the call. */
struct trunk_stanza {
	size_t size;
	enum trunk_kind kind;
	struct trunk_str from, to;      /* whole addresses */
	struct trunk_str type, id, lang;
	size_t stanza_bytes;            /* as it came */
	/* The label that counts (XEP-0258), in words, for people, and its parts. Absent: none, or labels are off. */
	struct trunk_str label, label_marking, label_policy, label_class;
	int label_is_default;           /* it is none of the stanza's own */
	void *host;                     /* for the functions of struct trunk_host */
};

enum trunk_outcome { TRUNK_PASS = 1, TRUNK_REJECT = 2, TRUNK_DROP = 3, TRUNK_CHANGE = 4 };

/* Zeroed but for `size` before the call; a zero `outcome` counts as a failure. Strings are copied when judge() has returned: they may
 * be static, or lie in memory that the thread keeps until its next call. */
struct trunk_answer {
	size_t size;
	enum trunk_outcome outcome;
	const char *condition;          /* of a reject: RFC 6120 §8.3.3; NULL: policy-violation */
	struct trunk_str text;          /* of a reject, for the sender: at most 1000 bytes are used; absent: none */
	struct trunk_str stanza;        /* of a change: the whole stanza; kind, from, to, type and id have to stay. It is judged again */
};

/* What the daemon offers. Lives as long as the module does. Any thread, but a stanza only where it was given. */
struct trunk_host {
	size_t size;
	const char *version;            /* of trunkd */

	/* One of the texts above; borrowed until judge() returns. Absent: no memory. Empty where there is nothing. */
	struct trunk_str (*text)(const struct trunk_stanza *stanza, enum trunk_text which);
	/* The number of payloads (child elements) of that namespace and name; NULL: any. The first one's whole text goes to `ret_text`
	 * unless that is NULL. */
	unsigned (*payload)(const struct trunk_stanza *stanza, const char *ns, const char *name, struct trunk_str *ret_text);
	/* One line to the daemon's log, with the module's name; escaped there. At most ten a minute are written for each module. */
	void (*log)(const struct trunk_host *host, const char *text);
};

/* A line of `settings`: nested maps as "outer.inner"; a list as its key again for each item. Borrowed as long as the module lives. */
struct trunk_setting {
	const char *key, *value;
};

/* The symbol `trunk_module` is one of these. */
struct trunk_module {
	uint32_t abi;                   /* TRUNK_MODULE_ABI */
	uint32_t size;                  /* sizeof(struct trunk_module) */
	const char *name, *version;     /* for the log; not NULL */

	/* When a configuration that names the module is loaded: once for each row of `modules`, and again at each reload, before the last
	 * one's stop(). One thread. Returns 0 with whatever `ret_context` is for the other two; else the configuration is refused, with what
	 * stands in `why`. */
	int (*start)(const struct trunk_host *host, const struct trunk_setting *settings, size_t count, void **ret_context, char *why,
		     size_t why_size);
	/* For each stanza that a rule asks about. Called by all workers at once. Must not block: everything behind this stanza waits.
	 * Returns 0 with the answer, else the stanza is refused as by a filter that failed. */
	int (*judge)(void *context, const struct trunk_stanza *stanza, struct trunk_answer *answer);
	/* No judge() runs or will run with this context. NULL: nothing to do. */
	void (*stop)(void *context);
};

#define TRUNK_MODULE_SYMBOL "trunk_module"

#if defined(__GNUC__)
extern __attribute__((visibility("default"))) const struct trunk_module trunk_module;
#endif

#ifdef __cplusplus
}
#endif

#endif
