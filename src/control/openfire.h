/* SPDX-License-Identifier: Apache-2.0
 * Openfire's settings, read from its files and turned into a trunkd.yaml. Pure; the files may be anybody's. */
#ifndef TRUNK_CONTROL_OPENFIRE_H
#define TRUNK_CONTROL_OPENFIRE_H

#include "base/base.h"

enum {
	OPENFIRE_FILE_BYTES_MAX = 64 * 1024 * 1024,     /* the script of an embedded database holds users and rosters, too */
	OPENFIRE_XML_BYTES_MAX = 1024 * 1024,
	OPENFIRE_PROPERTIES_MAX = 10000,
	OPENFIRE_SERVERS_MAX = 10000,
	OPENFIRE_NAME_BYTES_MAX = 256,
};

struct openfire_property {
	struct str name, value;
	bool is_encrypted;              /* the value is of no use here */
	bool is_used;                   /* it went into the result, or was answered there */
};

/* A row of OFREMOTESERVERCONF. */
struct openfire_server {
	struct str domain;
	uint16_t port;                  /* 0: not said */
	bool is_blocked;                /* else it is allowed */
};

/* Strings live in the arena. Zeroed: nothing read yet. */
struct openfire {
	struct arena arena;
	struct openfire_property *properties;
	struct openfire_server *servers;
	size_t property_count, server_count;
};

int openfire_init(struct openfire *openfire);   /* 0 or TRUNK_ENOMEM */
void openfire_fini(struct openfire *openfire);

/* Adds what a file says: XML (openfire.xml, security.xml) where it begins with '<', else a script of SQL INSERT statements
 * (the embedded database's .script, or a dump). A property named twice takes the later value, as Openfire's database wins
 * over its file. Returns 0, TRUNK_EXML..., TRUNK_ELIMIT, TRUNK_ENOMEM; TRUNK_ENOENT: nothing of Openfire's in it. */
int openfire_read(struct openfire *openfire, struct str text);
int openfire_read_xml(struct openfire *openfire, struct str text);
int openfire_read_script(struct openfire *openfire, struct str text);

/* Sets a property; strings are copied. */
int openfire_set(struct openfire *openfire, struct str name, struct str value, bool is_encrypted);

/* What an import could not carry over, for the person who does it. */
typedef void openfire_note_fn(void *ctx, const char *text);

/* Adds the trunkd.yaml. All that could not be carried over goes to `note` and stands in the text as comments, too. Returns 0
 * or TRUNK_ENOMEM. */
int openfire_write(struct openfire *openfire, struct buf *out, openfire_note_fn *note, void *ctx);

#endif
