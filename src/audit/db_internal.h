/* SPDX-License-Identifier: Apache-2.0
 * A connection from the inside, for db.c and db_read.c alone. */
#ifndef TRUNK_AUDIT_DB_INTERNAL_H
#define TRUNK_AUDIT_DB_INTERNAL_H

#include "audit/db.h"

#include <sqlite3.h>

struct db {
	sqlite3 *sqlite;
	sqlite3_stmt *get, *last, *next, *anchor, *find, *put, *remove, *move_anchor;
	sqlite3_blob *blob;             /* of the data that was read last; NULL: none */
};

int db_code(int code);                  /* SQLite's result as an error of ours */

#endif
