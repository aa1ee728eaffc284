/* question.h - is this certificate good? As anybody may ask, without a server */
#ifndef PKI_QUESTION_H
#define PKI_QUESTION_H

#include "core/pool.h"
#include "pki/verify.h"

enum { QUESTION_NAMES_MAX = 100, QUESTION_POLICIES_MAX = 100 };

enum question_kind { QUESTION_HOST, QUESTION_ADDRESS, QUESTION_MAILBOX };

/* Zero-initialised, then question_init. Texts that are added are borrowed. */
struct question {
	struct verify_spec spec;
	struct buf chain; /* DER: the certificate, then those that may help */
	struct buf trusted, lists;
	struct {
		enum question_kind kind;
		struct slice value;
	} name[QUESTION_NAMES_MAX];
	size_t n_names;
	struct slice policy[QUESTION_POLICIES_MAX];
	struct trust trust;
	struct pool pool;
};

/* For no purpose, no name, now. */
void question_init(struct question *q);
void question_done(struct question *q);

/* Each 0, or -1: that is not understood. */
int question_leaf(struct question *q, struct slice pem, struct err *err);
int question_purpose(struct question *q, struct slice word, struct err *err);
int question_time(struct question *q, struct slice rfc3339, struct err *err);
int question_profile(struct question *q, struct slice word, struct err *err);
int question_name(struct question *q, struct slice kind, struct slice value, struct err *err);
int question_policy(struct question *q, struct slice oid, struct err *err);
/* Without any all strong ones are taken. One that is not known allows nothing. */
void question_algorithm(struct question *q, struct slice name);

/* Those that cannot be read are not there. */
void question_trust(struct question *q, struct slice pem);
void question_untrusted(struct question *q, struct slice pem);
void question_lists(struct question *q, struct slice pem);

/* Without a name the kind is guessed: an @, an address, else a host. */
struct slice question_kind_of(struct slice value);

/* 0: good, by that path, whose slices live as long as the question; or -1 with the
   reason. Once. */
int question_ask(struct question *q, struct verify_path *path, struct err *err);

/* A question as one line of JSON, and the verdict likewise, without line ends:
   docs/pki-verify.md. Always answers. */
void question_line(struct slice line, struct buf *answer);

#endif
