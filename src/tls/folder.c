/* SPDX-License-Identifier: Apache-2.0
 * Reads a folder of certificates and keys, and finds out which belong together. */
#include "tls/internal.h"

#include <openssl/err.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { FOLDER_FILES_MAX = 20000 };

/* One file that was read. */
struct part {
	char path[PATH_MAX];
	size_t stem_len; /* of the path, without the suffix */
	struct pem pem;
};

struct folder {
	struct part **parts; /* in the order of their names */
	size_t count;
};

static bool is_ours(const char *name)
{
	const struct str s = str_of(name);

	return name[0] != '.' && (str_ends(s, STR(".pem")) || str_ends(s, STR(".crt")) || str_ends(s, STR(".key")));
}

static int part_read(struct tls_store *store, struct folder *folder, const char *path, struct problems *problems)
{
	struct part *part = calloc(1, sizeof(*part)), **more;
	int err;

	if (!part)
		return TRUNK_ENOMEM;
	snprintf(part->path, sizeof(part->path), "%s", path);
	part->stem_len = strlen(part->path) - 4;
	if ((err = store_stamp(store, path)) < 0 || (err = pem_read(path, problems, &part->pem)) < 0)
		goto drop; /* unreadable: reported, goes on with the others */
	if (sk_X509_num(part->pem.certs) == 0 && !part->pem.key) {
		problem_add(problems, true, "%s: holds neither a certificate nor a private key in PEM", path);
		goto drop;
	}
	if (!(more = realloc(folder->parts, (folder->count + 1) * sizeof(struct part *)))) {
		err = TRUNK_ENOMEM;
		goto drop;
	}
	folder->parts = more;
	folder->parts[folder->count++] = part;
	return 0;
drop:
	pem_fini(&part->pem);
	free(part);
	return err == TRUNK_ENOMEM ? err : 0;
}

static void folder_fini(struct folder *folder)
{
	for (size_t i = 0; i < folder->count; i++) {
		pem_fini(&folder->parts[i]->pem);
		free(folder->parts[i]);
	}
	free(folder->parts);
}

static int is_entry_ours(const struct dirent *entry)
{
	return is_ours(entry->d_name);
}

static int parts_read(struct tls_store *store, const char *path, struct folder *folder, struct problems *problems)
{
	struct dirent **entries = NULL;
	const int count = scandir(path, &entries, is_entry_ours, alphasort);
	char file[PATH_MAX];
	int err = 0;

	if (count < 0)
		problem_add(problems, true, "%s: this folder of certificates can't be read: %s", path, strerror(errno));
	if (count > FOLDER_FILES_MAX)
		problem_add(problems, true, "%s: more than %d files", path, FOLDER_FILES_MAX);
	for (int i = 0; i < count; i++) {
		if (err == 0 && count <= FOLDER_FILES_MAX) {
			if (snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name) < (int)sizeof(file))
				err = part_read(store, folder, file, problems);
			else
				problem_add(problems, true, "%s: path is too long", path);
		}
		free(entries[i]);
	}
	free(entries);
	return err;
}

static const struct part *part_of_stem(const struct folder *folder, const struct part *part)
{
	for (size_t i = 0; i < folder->count; i++) {
		const struct part *other = folder->parts[i];

		if (other != part && other->pem.key && other->stem_len == part->stem_len &&
		    memcmp(other->path, part->path, part->stem_len) == 0)
			return other;
	}
	return NULL;
}

/* fullchain.pem beside privkey.pem: names say nothing there, the key itself does. */
static const struct part *part_of_key(const struct folder *folder, X509 *cert)
{
	for (size_t i = 0; i < folder->count; i++) {
		const struct part *other = folder->parts[i];

		if (other->pem.key && EVP_PKEY_eq(X509_get0_pubkey(cert), other->pem.key) == 1)
			return other;
	}
	return NULL;
}

/* The key of a certificate: in the same file, in the file of the same name, else wherever it is in the folder. */
static const struct part *part_with_key(const struct folder *folder, const struct part *part, struct problems *problems)
{
	X509 *cert = sk_X509_value(part->pem.certs, 0);
	const struct part *found = part->pem.key ? part : part_of_stem(folder, part);

	if (found && X509_check_private_key(cert, found->pem.key) != 1) {
		problem_add(problems, true, "%s: its private key (%s) is not that of its first certificate", part->path,
			    found->path);
		return NULL;
	}
	if (!found && !(found = part_of_key(folder, cert)) && X509_check_ca(cert) == 0)
		problem_add(problems, true,
			    "%s: no private key for it in this folder; it is looked for in the file itself, then in %.*s.key",
			    part->path, (int)part->stem_len, part->path);
	return found;
}

/* Keys or digests that are too weak for any peer of today show here, not at the first handshake. */
static bool is_usable(const struct tls_store *store, struct identity *identity)
{
	SSL *ssl = SSL_new(store->ctx);
	const bool is_good = ssl && SSL_use_cert_and_key(ssl, identity->cert, identity->key, identity->chain, 1) == 1;

	SSL_free(ssl);
	return is_good;
}

static void read_ocsp(struct tls_store *store, const struct part *part, struct identity *identity, struct problems *problems)
{
	char path[PATH_MAX];
	struct buf content = {0};
	struct stat stat;
	int err;

	if (snprintf(path, sizeof(path), "%.*s.ocsp", (int)part->stem_len, part->path) >= (int)sizeof(path))
		return;
	if (store_stamp(store, path) < 0 || (err = file_read(path, &content, &stat)) == TRUNK_ENOENT)
		return;
	if (err < 0 || buf_len(&content) == 0)
		problem_add(problems, false, "%s: can't be read and is not stapled: %s", path,
			    error_text(err ? err : TRUNK_EINVAL));
	else if ((identity->ocsp = OPENSSL_memdup(buf_str(&content).at, buf_len(&content))))
		identity->ocsp_len = buf_len(&content);
	buf_fini(&content);
}

static void warn_time(const struct identity *identity, int64_t wall_ms, struct problems *problems)
{
	char date[DATE_SIZE];

	if (identity->not_after_ms <= wall_ms) {
		text_of_date(X509_get0_notAfter(identity->cert), date);
		problem_add(problems, false, "%s: our certificate ended %s; renew it", identity->file, date);
	} else if (identity->not_before_ms > wall_ms) {
		text_of_date(X509_get0_notBefore(identity->cert), date);
		problem_add(problems, false, "%s: our certificate is not valid before %s (is this machine's clock right?)",
			    identity->file, date);
	}
}

static int store_add(struct tls_store *store, struct identity *identity)
{
	struct identity **more = realloc(store->files, (store->file_count + 1) * sizeof(struct identity *));

	if (!more)
		return TRUNK_ENOMEM;
	store->files = more;
	store->files[store->file_count++] = identity;
	return 0;
}

static int part_use(struct tls_store *store, const struct folder *folder, const struct part *part, int64_t wall_ms,
		    struct problems *problems)
{
	const struct part *with_key = part_with_key(folder, part, problems);
	struct identity *identity;
	int err = 0;

	if (!with_key)
		return 0;
	if (!(identity = identity_new(TLS_IDENTITY_FILE, part->path, sk_X509_value(part->pem.certs, 0), with_key->pem.key,
				      part->pem.certs, 1))) {
		problem_add(problems, true, "%s: the names in its certificate can't be read", part->path);
		return 0;
	}
	if (!is_usable(store, identity)) {
		problem_add(problems, true, "%s: can't be used: %s", part->path, text_of_library());
	} else if (identity->names.count == 0) {
		problem_add(problems, false, "%s: its certificate names no domain (subjectAltName) and is never shown",
			    part->path);
	} else {
		warn_time(identity, wall_ms, problems);
		read_ocsp(store, part, identity, problems);
		if ((err = store_add(store, identity)) == 0)
			return 0;
	}
	identity_free(&identity);
	return err;
}

int folder_read(struct tls_store *store, const char *path, int64_t wall_ms, struct problems *problems)
{
	struct folder folder = {0};
	int err;

	if ((err = store_stamp(store, path)) == 0)
		err = parts_read(store, path, &folder, problems);
	for (size_t i = 0; i < folder.count && err == 0; i++)
		if (sk_X509_num(folder.parts[i]->pem.certs) > 0)
			err = part_use(store, &folder, folder.parts[i], wall_ms, problems);
	folder_fini(&folder);
	ERR_clear_error();
	return err;
}
