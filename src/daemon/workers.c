/* SPDX-License-Identifier: Apache-2.0
 * One thread for each worker; the main thread asks them by a nudge and waits, and they wait for nobody. */
#include "daemon/workers.h"

#include "daemon/daemon.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

struct thread {
	struct worker worker;
	pthread_t id;
	bool runs;
	struct nudge nudge;             /* to run `fn` */
	worker_fn *fn;
	void *ctx;
	bool is_done;                   /* under the lock */
};

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t done;
	unsigned count;                 /* of threads: without the first worker */
	struct thread threads[];
};

unsigned workers_wanted(unsigned configured)
{
	cpu_set_t cores;
	int count;

	if (configured > 0)
		return configured;
	count = sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores) : 1;
	return count < 1 ? 1 : count > WORKERS_MAX ? WORKERS_MAX : (unsigned)count;
}

/* ---- asking ---- */

static void on_nudge(void *ctx)
{
	struct thread *thread = ctx;
	struct workers *workers = thread->worker.workers;

	thread->fn(thread->ctx, &thread->worker);
	pthread_mutex_lock(&workers->lock);
	thread->is_done = true;
	pthread_cond_signal(&workers->done);
	pthread_mutex_unlock(&workers->lock);
}

static void ask(struct thread *thread, worker_fn *fn, void *ctx)
{
	thread->fn = fn;
	thread->ctx = ctx;
	thread->is_done = false;
	if (thread->runs)
		nudge_start(&thread->nudge);
	else
		on_nudge(thread);
}

static void await(struct workers *workers, const struct thread *thread)
{
	pthread_mutex_lock(&workers->lock);
	while (!thread->is_done)
		pthread_cond_wait(&workers->done, &workers->lock);
	pthread_mutex_unlock(&workers->lock);
}

void workers_all(struct workers *workers, worker_fn *fn, void *ctx)
{
	for (unsigned i = 0; workers && i < workers->count; i++)
		ask(&workers->threads[i], fn, ctx);
	for (unsigned i = 0; workers && i < workers->count; i++)
		await(workers, &workers->threads[i]);
}

void workers_each(struct workers *workers, worker_fn *fn, void *ctx)
{
	for (unsigned i = 0; workers && i < workers->count; i++) {
		ask(&workers->threads[i], fn, ctx);
		await(workers, &workers->threads[i]);
	}
}

/* ---- life ---- */

static int build(struct daemon *daemon, struct worker *worker, struct in_force *in_force, const struct config *config, struct buf *why)
{
	int err;

	worker->secrets = daemon->secrets;
	if (!(worker->loop = loop_new_uv()) || !(worker->net = net_uv_new(worker->loop)))
		return TRUNK_ENOMEM;
	if ((err = daemon_new_dns(worker->loop, config, &worker->dns, why)) < 0)
		return err;
	if (!(worker->audit = audit_new(worker->loop, daemon->log, daemon->audit_store, false)))
		return TRUNK_ENOMEM;
	worker->trunk = trunk_new(&(struct trunk_options){
		.shared = daemon->shared, .worker = worker->number, .in_force = in_force, .loop = worker->loop, .net = worker->net,
		.dns = worker->dns, .log = daemon->log, .audit = worker->audit, .blocks = daemon->blocks, .tap = daemon->tap, .spool = daemon->spool, .rest = daemon->rest, .secrets = &worker->secrets,
	});
	return worker->trunk ? 0 : TRUNK_ENOMEM;
}

int workers_new(struct daemon *daemon, struct in_force *in_force, const struct config *config, unsigned count, struct buf *why,
		struct workers **ret_workers)
{
	struct workers *workers = calloc(1, sizeof(*workers) + (count - 1) * sizeof(workers->threads[0]));
	int err = 0;

	if (!workers)
		return TRUNK_ENOMEM;
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->done, NULL);
	*ret_workers = workers;
	for (unsigned i = 0; i < count - 1 && err == 0; i++) {
		struct thread *thread = &workers->threads[i];

		thread->worker.workers = workers;
		thread->worker.number = i + 1;
		workers->count++;
		err = build(daemon, &thread->worker, in_force, config, why);
		if (thread->worker.loop)
			nudge_init(&thread->nudge, thread->worker.loop, on_nudge, thread);
	}
	return err;
}

static void *run(void *ctx)
{
	struct thread *thread = ctx;

	loop_run(thread->worker.loop);
	return NULL;
}

/* Signals are for the main thread. */
int workers_start(struct workers *workers)
{
	sigset_t all, before;
	int err = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; workers && i < workers->count && err == 0; i++) {
		err = pthread_create(&workers->threads[i].id, NULL, run, &workers->threads[i]) == 0 ? 0 : TRUNK_ENOMEM;
		workers->threads[i].runs = err == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

static void stop(void *ctx, struct worker *worker)
{
	(void)ctx;
	loop_stop(worker->loop);
}

void workers_stop(struct workers *workers)
{
	workers_all(workers, stop, NULL);
	for (unsigned i = 0; workers && i < workers->count; i++) {
		if (workers->threads[i].runs)
			pthread_join(workers->threads[i].id, NULL);
		workers->threads[i].runs = false;
	}
}

static void worker_end(struct worker *worker)
{
	trunk_free(&worker->trunk);
	audit_free(&worker->audit);
	dns_free(&worker->next_dns);
	dns_free(&worker->dns);
	net_free(&worker->net);
}

void workers_end(struct workers *workers)
{
	for (unsigned i = 0; workers && i < workers->count; i++)
		worker_end(&workers->threads[i].worker);
}

void workers_free(struct workers **workers)
{
	struct workers *gone = *workers;

	if (!gone)
		return;
	*workers = NULL;
	for (unsigned i = 0; i < gone->count; i++) {
		if (!gone->threads[i].worker.loop)
			continue;
		nudge_stop(&gone->threads[i].nudge);
		loop_free(&gone->threads[i].worker.loop);
	}
	pthread_cond_destroy(&gone->done);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}
