/* SPDX-License-Identifier: Apache-2.0
 * Certificates of the scenarios, made by the tls room's own CA and kept in a temporary folder. */
#include "certificates.h"

#include "tls/session.h"        /* of that room alone, but for what no daemon has to do */

#include <ftw.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 512, DAY_MS = 24 * 3600 * 1000, ISSUE_DAYS = 7 };

/* One folder of files that were made. */
struct made {
	struct list link;
	char *words;                    /* kind and domains */
	char folder[PATH_SIZE];
};

struct certificates {
	int64_t wall_ms;
	char folder[64], ca[PATH_SIZE], unknown[PATH_SIZE], crl[PATH_SIZE];
	struct list made;
	unsigned count;
};

static const char *const words[] = {
	[CERTIFICATE_VALID] = "valid", [CERTIFICATE_EXPIRED] = "expired", [CERTIFICATE_NAME] = "wrong-name",
	[CERTIFICATE_UNKNOWN] = "unknown-ca", [CERTIFICATE_SELF_SIGNED] = "self-signed", [CERTIFICATE_NONE] = "none",
};

int certificate_parse(struct str word, enum certificate *ret_certificate)
{
	for (int i = CERTIFICATE_VALID; i <= CERTIFICATE_NONE; i++) {
		if (!str_is(word, words[i]))
			continue;
		*ret_certificate = (enum certificate)i;
		return 0;
	}
	return TRUNK_EINVAL;
}

struct certificates *certificates_new(int64_t wall_ms)
{
	struct certificates *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->wall_ms = wall_ms;
	list_init(&c->made);
	snprintf(c->folder, sizeof(c->folder), "/tmp/scenario-XXXXXX");
	if (!mkdtemp(c->folder)) {
		free(c);
		return NULL;
	}
	snprintf(c->ca, sizeof(c->ca), "%s/ca.pem", c->folder);
	snprintf(c->unknown, sizeof(c->unknown), "%s/unknown-ca.pem", c->folder);
	if (tls_ca_init(c->ca, "Scenario CA", NULL, wall_ms - 365LL * DAY_MS) < 0 ||
	    tls_ca_init(c->unknown, "Unknown CA", NULL, wall_ms - 365LL * DAY_MS) < 0)
		certificates_free(&c);
	return c;
}

static int remove_one(const char *path, const struct stat *stat, int flag, struct FTW *ftw)
{
	(void)stat;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void certificates_free(struct certificates **certificates)
{
	struct certificates *c = *certificates;

	if (!c)
		return;
	LIST_EACH (pos, &c->made) {
		struct made *made = LIST_OF(pos, struct made, link);

		list_remove(pos);
		free(made->words);
		free(made);
	}
	nftw(c->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(c);
	*certificates = NULL;
}

const char *certificates_folder(const struct certificates *certificates)
{
	return certificates->folder;
}

const char *certificates_ca(const struct certificates *certificates)
{
	return certificates->ca;
}

static int write_file(const char *path, struct str content)
{
	FILE *file = fopen(path, "w");
	bool is_written;

	if (!file)
		return TRUNK_EIO;
	chmod(path, 0600);
	is_written = fwrite(content.at, 1, content.len, file) == content.len;
	return fclose(file) == 0 && is_written ? 0 : TRUNK_EIO;
}

static int issue(const struct certificates *c, enum certificate kind, const char *domain, const char *folder, unsigned number)
{
	const char *ca = kind == CERTIFICATE_UNKNOWN ? c->unknown : c->ca;
	const int64_t wall_ms = kind == CERTIFICATE_EXPIRED ? c->wall_ms - 30LL * DAY_MS : c->wall_ms;
	char path[PATH_SIZE + 16];
	struct buf pem = {0};
	int err;

	snprintf(path, sizeof(path), "%s/%u.pem", folder, number);
	if ((err = tls_ca_issue(ca, domain, ISSUE_DAYS, wall_ms, &pem)) == 0)
		err = write_file(path, buf_str(&pem));
	buf_fini(&pem);
	return err;
}

/* What is made is known by its words: "expired saturn.example.org ". */
static char *words_of(enum certificate kind, const char *const *domains)
{
	struct buf text = {0};
	char *copy;

	buf_addf(&text, "%s ", words[kind]);
	for (; *domains; domains++)
		buf_addf(&text, "%s ", *domains);
	copy = str_dup(buf_str(&text));
	buf_fini(&text);
	return copy;
}

static struct made *made_find(const struct certificates *c, const char *text)
{
	LIST_EACH (pos, &c->made) {
		struct made *made = LIST_OF(pos, struct made, link);

		if (strcmp(made->words, text) == 0)
			return made;
	}
	return NULL;
}

static int make_files(struct certificates *c, enum certificate kind, const char *const *domains, struct made *made)
{
	int err = 0;

	snprintf(made->folder, sizeof(made->folder), "%s/%u", c->folder, c->count++);
	if (mkdir(made->folder, 0700) < 0)
		return TRUNK_EIO;
	if (kind == CERTIFICATE_NAME)
		return issue(c, kind, CERTIFICATE_WRONG_NAME, made->folder, 0);
	for (unsigned i = 0; domains[i] && err == 0; i++)
		err = issue(c, kind, domains[i], made->folder, i);
	return err;
}

int certificates_make(struct certificates *c, enum certificate kind, const char *const *domains, const char **ret_folder)
{
	struct made *made;
	char *text;
	int err;

	*ret_folder = NULL;
	if (kind == CERTIFICATE_SELF_SIGNED || kind == CERTIFICATE_NONE)
		return 0;
	if (!(text = words_of(kind, domains)))
		return TRUNK_ENOMEM;
	if ((made = made_find(c, text))) {
		free(text);
		*ret_folder = made->folder;
		return 0;
	}
	if (!(made = calloc(1, sizeof(*made)))) {
		free(text);
		return TRUNK_ENOMEM;
	}
	made->words = text;
	list_add_tail(&c->made, &made->link);
	if ((err = make_files(c, kind, domains, made)) == 0)
		*ret_folder = made->folder;
	return err;
}

static void on_problem(void *ctx, bool is_fatal, const char *text)
{
	(void)ctx;
	if (is_fatal)
		fprintf(stderr, "scenario certificates: %s\n", text);
}

int certificates_store(struct certificates *c, enum certificate kind, const char *const *domains, struct tls_store **ret_store)
{
	const char *folders[2] = {NULL, NULL}, *trust[2] = {c->ca, NULL};
	const struct tls_store_options options = {.certificate_folders = folders, .trust = trust};
	int err;

	if ((err = certificates_make(c, kind, domains, &folders[0])) < 0)
		return err;
	return tls_store_new(&options, c->wall_ms, on_problem, NULL, ret_store);
}

/* Both ends of a handshake in memory. */
static int shake_hands(struct tls_session *client, struct tls_session *server)
{
	struct buf to_client = {0}, to_server = {0};
	int err = 0, done = 0;

	for (unsigned round = 0; round < 8 && err >= 0 && done == 0; round++) {
		if ((done = err = tls_handshake(client, buf_str(&to_client), &to_server)) < 0)
			break;
		buf_clear(&to_client);
		if (done == 0)
			err = tls_handshake(server, buf_str(&to_server), &to_client);
		buf_clear(&to_server);
	}
	buf_fini(&to_client);
	buf_fini(&to_server);
	return err < 0 ? err : done == 1 ? 0 : TRUNK_ETLS;
}

int certificates_pin(const struct certificates *c, struct tls_store *store, const char *domain,
		     uint8_t ret_pin[static TLS_PIN_BYTES])
{
	const struct tls_session_options showing = {.role = TLS_SERVER, .domain = domain};
	const struct tls_session_options looking = {.role = TLS_CLIENT, .server_name = domain};
	struct tls_session *server = tls_session_new(store, &showing, c->wall_ms);
	struct tls_session *client = tls_session_new(store, &looking, c->wall_ms);
	int err = TRUNK_ENOMEM;

	if (server && client && (err = shake_hands(client, server)) == 0)
		err = tls_session_peer_pin(client, ret_pin);
	tls_session_free(&client);
	tls_session_free(&server);
	return err;
}

void certificates_hold_to_tls_1_2(struct tls_session *session)
{
	SSL_set_max_proto_version(session->ssl, TLS1_2_VERSION);
}

static int revoke_one(X509_CRL *crl, const char *folder, const ASN1_TIME *since)
{
	char path[PATH_SIZE];
	X509_REVOKED *entry = X509_REVOKED_new();
	X509 *cert = NULL;
	FILE *file;
	int err = TRUNK_EIO;

	snprintf(path, sizeof(path), "%s/0.pem", folder);
	if ((file = fopen(path, "r")) && entry && (cert = PEM_read_X509(file, NULL, NULL, NULL)) &&
	    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(cert)) == 1 &&
	    X509_REVOKED_set_revocationDate(entry, (ASN1_TIME *)(uintptr_t)since) == 1 && X509_CRL_add0_revoked(crl, entry) == 1) {
		entry = NULL;
		err = 0;
	}
	if (file)
		fclose(file);
	X509_free(cert);
	X509_REVOKED_free(entry);
	return err;
}

static int sign_and_write(const struct certificates *c, X509_CRL *crl)
{
	FILE *in = fopen(c->ca, "r"), *out = fopen(c->crl, "w");
	X509 *ca = in ? PEM_read_X509(in, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key;
	bool is_written;

	if (in)
		rewind(in);
	key = in ? PEM_read_PrivateKey(in, NULL, NULL, NULL) : NULL;
	is_written = out && ca && key && X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca)) == 1 && X509_CRL_sort(crl) == 1 &&
		     X509_CRL_sign(crl, key, EVP_sha256()) > 0 && PEM_write_X509_CRL(out, crl) == 1;
	X509_free(ca);
	EVP_PKEY_free(key);
	if (in)
		fclose(in);
	if (out)
		is_written = fclose(out) == 0 && is_written;
	return is_written ? 0 : TRUNK_EIO;
}

int certificates_revoke(struct certificates *c, const char *const *folders, const char **ret_file)
{
	ASN1_TIME *since = ASN1_TIME_set(NULL, c->wall_ms / 1000 - 3600);
	ASN1_TIME *until = ASN1_TIME_set(NULL, c->wall_ms / 1000 + 30 * (DAY_MS / 1000));
	X509_CRL *crl = X509_CRL_new();
	int err = TRUNK_ENOMEM;

	snprintf(c->crl, sizeof(c->crl), "%s/%u.crl", c->folder, c->count++);
	if (since && until && crl && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 && X509_CRL_set1_lastUpdate(crl, since) == 1 &&
	    X509_CRL_set1_nextUpdate(crl, until) == 1)
		err = 0;
	for (; err == 0 && *folders; folders++)
		err = revoke_one(crl, *folders, since);
	if (err == 0)
		err = sign_and_write(c, crl);
	ASN1_TIME_free(since);
	ASN1_TIME_free(until);
	X509_CRL_free(crl);
	*ret_file = c->crl;
	return err;
}
