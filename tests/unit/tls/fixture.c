/* SPDX-License-Identifier: Apache-2.0
 * Certificates of every kind, a folder for them, and two sessions joined by memory. */
#include "fixture.h"

#include <openssl/conf.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static void add_name(X509 *cert, GENERAL_NAME *name)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	sk_GENERAL_NAME_push(names, name);
	assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0), 1);
	GENERAL_NAMES_free(names);
}

static void add_raw_dns(X509 *cert, struct str dns)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	ASN1_STRING_set(text, dns.at, (int)dns.len);
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	add_name(cert, name);
}

static void add_raw_xmpp(X509 *cert, const char *address)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_TYPE *any = ASN1_TYPE_new();
	ASN1_STRING *text = ASN1_UTF8STRING_new();

	ASN1_STRING_set(text, address, -1);
	ASN1_TYPE_set(any, V_ASN1_UTF8STRING, text);
	GENERAL_NAME_set0_othername(name, OBJ_nid2obj(NID_XmppAddr), any);
	add_name(cert, name);
}

static void set_exts(X509 *cert, X509 *issuer, const struct spec *spec)
{
	if (spec->is_ca) {
		add_ext(cert, issuer, NID_basic_constraints, "critical,CA:TRUE");
		add_ext(cert, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
	}
	add_ext(cert, issuer, NID_subject_key_identifier, "hash");
	if (spec->san)
		add_ext(cert, issuer, NID_subject_alt_name, spec->san);
	if (spec->raw_dns.len)
		add_raw_dns(cert, spec->raw_dns);
	if (spec->raw_xmpp)
		add_raw_xmpp(cert, spec->raw_xmpp);
	if (spec->eku)
		add_ext(cert, issuer, NID_ext_key_usage, spec->eku);
	if (spec->constraints)
		add_ext(cert, issuer, NID_name_constraints, spec->constraints);
}

struct made made_new(const struct spec *spec, const struct made *issuer)
{
	static long serial = 1000;
	struct made made = {.cert = X509_new(),
			    .key = spec->rsa_bits ? EVP_RSA_gen((unsigned)spec->rsa_bits) : EVP_EC_gen("P-256")};
	X509 *by = issuer ? issuer->cert : made.cert;

	X509_set_version(made.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made.cert), ++serial);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(made.cert), "CN", MBSTRING_UTF8,
				   (const unsigned char *)(spec->cn ? spec->cn : "leaf"), -1, -1, 0);
	X509_set_issuer_name(made.cert, X509_get_subject_name(by));
	ASN1_TIME_set(X509_getm_notBefore(made.cert), (time_t)(spec->start_s ? spec->start_s : WALL_S - 180 * DAY_S));
	ASN1_TIME_set(X509_getm_notAfter(made.cert), (time_t)(spec->end_s ? spec->end_s : WALL_S + 180 * DAY_S));
	X509_set_pubkey(made.cert, made.key);
	set_exts(made.cert, by, spec);
	assert_true(X509_sign(made.cert, issuer ? issuer->key : made.key, EVP_sha256()) > 0);
	return made;
}

void made_free(struct made *made)
{
	X509_free(made->cert);
	EVP_PKEY_free(made->key);
	*made = (struct made){0};
}

int fixture_begin(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	if (!folder)
		return -1;
	snprintf(folder->path, sizeof(folder->path), "/tmp/trunk-tls-XXXXXX");
	*state = folder;
	return mkdtemp(folder->path) ? 0 : -1;
}

static void remove_tree(const char *path)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	char file[PATH_MAX];

	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		if (unlink(file) < 0)
			remove_tree(file);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

int fixture_end(void **state)
{
	struct folder *folder = *state;

	remove_tree(folder->path);
	free(folder);
	return 0;
}

const char *path_in(void **state, const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 8];
	const struct folder *folder = *state;

	snprintf(path, PATH_MAX, "%s%s%s", folder->path, name[0] ? "/" : "", name);
	return path;
}

void put_text(const char *path, struct str text, mode_t mode)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.at, text.len), text.len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void put_buf(const char *path, struct buf *content, mode_t mode)
{
	put_text(path, buf_str(content), mode);
	buf_fini(content);
}

void put_made(const char *path, const struct made *leaf, const struct made *chain, mode_t mode)
{
	struct buf content = {0};

	assert_int_equal(pem_add_cert(&content, leaf->cert), 0);
	if (chain)
		assert_int_equal(pem_add_cert(&content, chain->cert), 0);
	assert_int_equal(pem_add_key(&content, leaf->key), 0);
	put_buf(path, &content, mode);
}

void put_certs(const char *path, const struct made *const *certs)
{
	struct buf content = {0};

	for (size_t i = 0; certs[i]; i++)
		assert_int_equal(pem_add_cert(&content, certs[i]->cert), 0);
	put_buf(path, &content, 0644);
}

void put_key(const char *path, const struct made *made, mode_t mode)
{
	struct buf content = {0};

	assert_int_equal(pem_add_key(&content, made->key), 0);
	put_buf(path, &content, mode);
}

static void on_problem(void *ctx, bool is_fatal, const char *text)
{
	struct report *report = ctx;

	report->fatal += is_fatal;
	report->warnings += !is_fatal;
	strncat(report->text, text, sizeof(report->text) - strlen(report->text) - 2);
	strcat(report->text, "\n");
}

struct tls_store *store_of(const struct tls_store_options *options, struct report *report)
{
	struct tls_store *store = NULL;

	*report = (struct report){0};
	if (tls_store_new(options, WALL_MS, on_problem, report, &store) < 0)
		assert_null(store);
	return store;
}

struct tls_store *store_simple(const char *certs, const char *trust)
{
	const char *const folders[] = {certs, NULL}, *const trusts[] = {trust, NULL};
	const struct tls_store_options options = {.certificate_folders = certs ? folders : NULL, .trust = trusts};
	struct report report;
	struct tls_store *store = store_of(&options, &report);

	if (!store)
		fail_msg("%s", report.text);
	return store;
}

void pair_open(struct pair *pair, struct tls_store *client, const struct tls_session_options *client_options,
	       struct tls_store *server, const struct tls_session_options *server_options)
{
	*pair = (struct pair){0};
	pair->client = tls_session_new(client, client_options, WALL_MS);
	pair->server = tls_session_new(server, server_options, WALL_MS);
	assert_non_null(pair->client);
	assert_non_null(pair->server);
}

static int step(struct tls_session *session, int result, struct buf *in, size_t piece, struct buf *out)
{
	struct str part = buf_str(in);

	if (result != 0)
		return result;
	part = piece ? str_until(part, piece) : part;
	result = tls_handshake(session, part, out);
	buf_drop(in, part.len);
	return result;
}

bool pair_shake(struct pair *pair, size_t piece)
{
	for (int i = 0; i < 100000; i++) {
		pair->client_result = step(pair->client, pair->client_result, &pair->to_client, piece, &pair->to_server);
		pair->server_result = step(pair->server, pair->server_result, &pair->to_server, piece, &pair->to_client);
		if (pair->client_result && pair->server_result)
			return pair->client_result == 1 && pair->server_result == 1;
		if (i > 0 && (pair->client_result < 0 || pair->server_result < 0) && buf_len(&pair->to_client) == 0 &&
		    buf_len(&pair->to_server) == 0)
			return false;
	}
	return false;
}

void pair_close(struct pair *pair)
{
	tls_session_free(&pair->client);
	tls_session_free(&pair->server);
	buf_fini(&pair->to_server);
	buf_fini(&pair->to_client);
}
