/* SPDX-License-Identifier: Apache-2.0
 * The store: all that TLS needs from files, immutable once built, and which identity shows a domain. */
#include "tls/internal.h"

#include <openssl/err.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ISSUED_DAYS = 7 };
static const int64_t SELF_SIGNED_RENEW_MS = 30LL * DAY_S * 1000;

static struct stamp stamp_take(char *path)
{
	struct stamp stamp = {.path = path};
	struct stat stat_now;

	if (stat(path, &stat_now) == 0) {
		stamp.is_there = true;
		stamp.changed = stat_now.st_mtim;
		stamp.inode = stat_now.st_ino;
		stamp.size = stat_now.st_size;
	}
	return stamp;
}

int store_stamp(struct tls_store *store, const char *path)
{
	struct stamp *more = realloc(store->stamps, (store->stamp_count + 1) * sizeof(*more));
	char *copy;

	if (!more)
		return TRUNK_ENOMEM;
	store->stamps = more;
	if (!(copy = str_dup(str_of(path))))
		return TRUNK_ENOMEM;
	store->stamps[store->stamp_count++] = stamp_take(copy);
	return 0;
}

bool tls_store_is_stale(const struct tls_store *store)
{
	for (size_t i = 0; i < store->stamp_count; i++) {
		const struct stamp *then = &store->stamps[i], now = stamp_take(then->path);

		if (now.is_there != then->is_there || now.size != then->size || now.inode != then->inode ||
		    now.changed.tv_sec != then->changed.tv_sec || now.changed.tv_nsec != then->changed.tv_nsec)
			return true;
	}
	return false;
}

/* Where that is not possible, self-signed identities live as long as the process. */
static int use_state_folder(struct tls_store *store, const char *state, struct problems *problems)
{
	char folder[PATH_MAX];

	if (!state)
		return 0;
	if (snprintf(folder, sizeof(folder), "%s/self-signed", state) >= (int)sizeof(folder))
		errno = ENAMETOOLONG;
	else if ((mkdir(folder, 0700) == 0 || errno == EEXIST) && access(folder, W_OK | X_OK) == 0)
		return (store->self_signed_folder = str_dup(str_of(folder))) ? 0 : TRUNK_ENOMEM;
	problem_add(problems, false, "%s: can't be written (%s); self-signed certificates will change with each start", state,
		    strerror(errno));
	return 0;
}

static int use_issuer(struct tls_store *store, const struct tls_store_options *options, int64_t wall_ms,
		      struct problems *problems)
{
	int err;

	if (!options->issuer_file)
		return 0;
	if (!(store->issuer_file = str_dup(str_of(options->issuer_file))) || store_stamp(store, options->issuer_file) < 0)
		return TRUNK_ENOMEM;
	err = issuer_new(options->issuer_file, options->issue_any, wall_ms, problems, &store->issuer);
	return err == TRUNK_ENOMEM ? err : 0;
}

static int store_read(struct tls_store *store, const struct tls_store_options *options, int64_t wall_ms,
		      struct problems *problems)
{
	int err;

	if (!(store->ctx = context_new()) || !(store->wire = wire_new()) || !(store->cache = cache_new()) ||
	    !(store->verified = verified_new()))
		return TRUNK_ENOMEM;
	if ((err = trust_read(store, options, problems)) < 0)
		return err;
	for (size_t i = 0; options->certificate_folders && options->certificate_folders[i]; i++)
		if ((err = folder_read(store, options->certificate_folders[i], wall_ms, problems)) < 0)
			return err;
	if ((err = use_issuer(store, options, wall_ms, problems)) < 0)
		return err;
	return use_state_folder(store, options->state_folder, problems);
}

int tls_store_new(const struct tls_store_options *options, int64_t wall_ms, tls_problem_fn *problem, void *ctx,
		  struct tls_store **ret_store)
{
	struct problems problems = {.fn = problem, .ctx = ctx};
	struct tls_store *store = calloc(1, sizeof(*store));
	int err;

	if (!store)
		return TRUNK_ENOMEM;
	atomic_init(&store->refs, 1);
	err = store_read(store, options, wall_ms, &problems);
	ERR_clear_error();
	if (err == 0 && problems.is_fatal)
		err = TRUNK_EINVAL;
	if (err < 0)
		tls_store_free(&store);
	else
		*ret_store = store;
	return err;
}

struct tls_store *tls_store_ref(struct tls_store *store)
{
	atomic_fetch_add(&store->refs, 1);
	return store;
}

void tls_store_free(struct tls_store **store)
{
	struct tls_store *it = *store;

	*store = NULL;
	if (!it || atomic_fetch_sub(&it->refs, 1) > 1)
		return;
	cache_free(&it->cache);
	verified_free(&it->verified);
	issuer_free(&it->issuer);
	for (size_t i = 0; i < it->file_count; i++)
		identity_free(&it->files[i]);
	free(it->files);
	for (size_t i = 0; i < it->stamp_count; i++)
		free(it->stamps[i].path);
	free(it->stamps);
	free(it->issuer_file);
	free(it->self_signed_folder);
	X509_STORE_free(it->trust);
	SSL_CTX_free(it->ctx);
	BIO_meth_free(it->wire);
	free(it);
}

/* A file in its time before one out of it, then the more specific name, then the later end, then the longer chain. */
static bool is_better(const struct identity *a, int fit_a, const struct identity *b, int fit_b, int64_t wall_ms)
{
	const bool in_time_a = a->not_before_ms <= wall_ms && wall_ms < a->not_after_ms;
	const bool in_time_b = b->not_before_ms <= wall_ms && wall_ms < b->not_after_ms;

	if (in_time_a != in_time_b)
		return in_time_a;
	if ((fit_a == CERT_FIT_WILDCARD) != (fit_b == CERT_FIT_WILDCARD))
		return fit_b == CERT_FIT_WILDCARD;
	if (a->not_after_ms != b->not_after_ms)
		return a->not_after_ms > b->not_after_ms;
	return sk_X509_num(a->chain) > sk_X509_num(b->chain);
}

static struct identity *file_for(const struct tls_store *store, const char *domain, int64_t wall_ms)
{
	struct identity *best = NULL;
	int best_fit = 0;

	for (size_t i = 0; i < store->file_count; i++) {
		const int fit = cert_names_fit(&store->files[i]->names, str_of(domain));

		if (fit && (!best || is_better(store->files[i], fit, best, best_fit, wall_ms))) {
			best = store->files[i];
			best_fit = fit;
		}
	}
	return best ? identity_ref(best) : NULL;
}

static struct identity *issued_for(const struct tls_store *store, const char *domain, int64_t wall_ms)
{
	const struct issuer *issuer = store->issuer;
	struct identity *identity;
	X509 *cert;

	if (!issuer || issuer_issue(issuer, domain, issuer->leaf_key, ISSUED_DAYS, wall_ms, &cert) < 0)
		return NULL;
	identity = identity_new(TLS_IDENTITY_ISSUED, NULL, cert, issuer->leaf_key, issuer->sent, 0);
	X509_free(cert);
	return identity;
}

/* When it should be looked for again. */
static int64_t good_until_ms(const struct identity *identity, int64_t wall_ms)
{
	int64_t until_ms = identity->not_after_ms;

	if (identity->not_before_ms > wall_ms)
		return identity->not_before_ms;
	if (identity->kind == TLS_IDENTITY_ISSUED)
		until_ms -= (identity->not_after_ms - identity->not_before_ms) / 3;
	else if (identity->kind == TLS_IDENTITY_SELF_SIGNED)
		until_ms -= SELF_SIGNED_RENEW_MS;
	return until_ms > wall_ms ? until_ms : wall_ms + 60 * 1000; /* one that has ended: not at each handshake */
}

static int find_or_make(struct tls_store *store, const char *domain, int64_t wall_ms, struct identity **ret_identity)
{
	struct identity *identity;
	int err;

	if (!domain_is_ascii(domain))
		return TRUNK_EADDRESS;
	if (!(identity = file_for(store, domain, wall_ms)) && !(identity = issued_for(store, domain, wall_ms)) &&
	    (err = self_signed_get(store->self_signed_folder, domain, wall_ms, &store->self_signed_kept, &identity)) < 0)
		return err;
	if ((err = cache_put(store->cache, domain, identity, good_until_ms(identity, wall_ms))) < 0) {
		identity_free(&identity);
		return err;
	}
	*ret_identity = identity;
	return 0;
}

int store_identity(struct tls_store *store, const char *domain, int64_t wall_ms, struct identity **ret_identity)
{
	int err = 0;

	if ((*ret_identity = cache_get(store->cache, domain, wall_ms)))
		return 0;
	cache_make_lock(store->cache);
	if (!(*ret_identity = cache_get(store->cache, domain, wall_ms)))
		err = find_or_make(store, domain, wall_ms, ret_identity);
	cache_make_unlock(store->cache);
	ERR_clear_error();
	return err;
}

int tls_store_identity(struct tls_store *store, const char *domain_ascii, int64_t wall_ms, struct tls_identity_info *ret_info)
{
	struct identity *identity;
	int err;

	if ((err = store_identity(store, domain_ascii, wall_ms, &identity)) < 0)
		return err;
	*ret_info = (struct tls_identity_info){
		.kind = identity->kind, .file = identity->file, .not_after_ms = identity->not_after_ms};
	if (store->issuer && identity->kind == TLS_IDENTITY_SELF_SIGNED)
		ret_info->refusal = issuer_refusal(store->issuer, domain_ascii, wall_ms);
	identity_free(&identity); /* a file's own count is the store's */
	return 0;
}

void tls_store_expiring(struct tls_store *store, int64_t wall_ms, int64_t within_ms, tls_expiry_fn *fn, void *ctx)
{
	for (size_t i = 0; i < store->file_count; i++)
		if (store->files[i]->not_after_ms - within_ms <= wall_ms)
			fn(ctx, store->files[i]->file, store->files[i]->not_after_ms);
	if (store->issuer) {
		const int64_t end_ms = ms_of_time(X509_get0_notAfter(store->issuer->cert));

		if (end_ms - within_ms <= wall_ms)
			fn(ctx, store->issuer_file, end_ms);
	}
}
