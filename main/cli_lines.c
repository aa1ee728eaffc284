/* cli_lines.c - questions on standard input, a line each; answers in their order, a line each
 *
 * Whoever asks may wait for an answer before he asks again, so an answer never waits
 * for the next question. Where questions come faster than answers, every processor
 * works on one: this thread reads, some answer, and one writes what is next. A line
 * that is too long is read over, and what is left of it is refused. */
#include "main/cli.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "core/disk.h"

enum {
	LINE_MAX_HERE = 16 * 1024 * 1024,
	PIECE = 256 * 1024,
	JOBS = 64,
	THREADS_MAX = 16,
	WAITING_MAX = 2 * LINE_MAX_HERE, /* bytes of questions */
};

struct job {
	struct buf line, answer;
	bool answered;
};

struct lines {
	const struct op *op;
	int out;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t changed;
	struct job job[JOBS];
	size_t asked, taken, written; /* how many; written <= taken <= asked */
	size_t waiting;		      /* bytes of questions */
	bool ended, broken;	      /* no more questions; nobody reads answers */
};

/* --- answering --- */

/* With the lock held. */
static struct job *next_job(struct lines *l)
{
	while (l->taken == l->asked && !l->ended)
		pthread_cond_wait(&l->changed, &l->lock);
	return l->taken < l->asked ? &l->job[l->taken++ % JOBS] : NULL;
}

static void *answer_them(void *arg)
{
	struct lines *l = arg;
	struct job *job;

	pthread_mutex_lock(&l->lock);
	while ((job = next_job(l)) != NULL) {
		pthread_mutex_unlock(&l->lock);
		l->op->line(buf_slice(&job->line), &job->answer);
		buf_addc(&job->answer, '\n');
		pthread_mutex_lock(&l->lock);
		job->answered = true;
		pthread_cond_broadcast(&l->changed);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* --- writing --- */

/* With the lock held: the one whose turn it is, when it is answered. */
static struct job *next_answer(struct lines *l)
{
	for (;;) {
		struct job *job = &l->job[l->written % JOBS];
		if (l->written < l->asked && job->answered)
			return job;
		if (l->written == l->asked && l->ended)
			return NULL;
		pthread_cond_wait(&l->changed, &l->lock);
	}
}

static void *write_them(void *arg)
{
	struct lines *l = arg;
	struct job *job;

	pthread_mutex_lock(&l->lock);
	while ((job = next_answer(l)) != NULL) {
		pthread_mutex_unlock(&l->lock);
		bool good = disk_write(l->out, buf_slice(&job->answer)) == 0;
		pthread_mutex_lock(&l->lock);
		l->broken |= !good;
		l->waiting -= job->line.n;
		buf_done(&job->line);
		buf_done(&job->answer);
		job->answered = false;
		l->written++;
		pthread_cond_broadcast(&l->changed);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* --- reading --- */

static void ask(struct lines *l, struct slice line)
{
	if (slice_trim(line).n == 0)
		return;
	pthread_mutex_lock(&l->lock);
	while (
	    l->asked - l->written == JOBS || (l->waiting > 0 && l->waiting + line.n > WAITING_MAX))
		pthread_cond_wait(&l->changed, &l->lock);
	buf_adds(&l->job[l->asked++ % JOBS].line, line);
	l->waiting += line.n;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

/* All complete lines of *in, of which `looked` bytes have no end. */
static void ask_complete(struct lines *l, struct buf *in, size_t looked)
{
	size_t begin = 0;
	ptrdiff_t end;

	while ((end = slice_chr(slice_from(buf_slice(in), looked), '\n')) >= 0) {
		looked += (size_t)end + 1;
		ask(l, slice_of(in->p + begin, looked - 1 - begin));
		begin = looked;
	}
	buf_drop(in, begin);
}

static bool is_broken(struct lines *l)
{
	pthread_mutex_lock(&l->lock);
	bool broken = l->broken;
	pthread_mutex_unlock(&l->lock);
	return broken;
}

static void read_them(struct lines *l, int in)
{
	struct buf text = { 0 };

	while (!is_broken(l)) {
		size_t looked = text.n;
		ssize_t n = read(in, buf_room(&text, PIECE), PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		text.n += (size_t)n;
		ask_complete(l, &text, looked);
		if (text.n > LINE_MAX_HERE)
			text.n = LINE_MAX_HERE;
	}
	ask(l, buf_slice(&text));
	buf_done(&text);
}

/* --- all together --- */

static size_t processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (size_t)n;
}

static void end(struct lines *l)
{
	pthread_mutex_lock(&l->lock);
	l->ended = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

int cli_lines(const struct op *op, int in, int out)
{
	struct lines l = { .op = op,
		.out = out,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	pthread_t writer, thread[THREADS_MAX];
	size_t n = 0;

	if (pthread_create(&writer, NULL, write_them, &l) != 0)
		return CLI_FAILED;
	while (n < processors() && pthread_create(&thread[n], NULL, answer_them, &l) == 0)
		n++;
	if (n > 0)
		read_them(&l, in);
	end(&l);
	for (size_t i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	pthread_join(writer, NULL);
	return l.broken || n == 0 ? CLI_FAILED : CLI_OK;
}
