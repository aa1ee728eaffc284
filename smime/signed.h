/* signed.h - signed messages (RFC 8551 3.5): who signed, is it true, and who vouches for him?
 *
 * Only a message that is signed as a whole counts: what a signature covers within another
 * message could be shown for what surrounds it. */
#ifndef SMIME_SIGNED_H
#define SMIME_SIGNED_H

#include "core/pool.h"
#include "pki/verify.h"
#include "storage/dir.h"

enum signed_state {
	SIGNED_VALID,	  /* and by whom the message says it is from */
	SIGNED_INVALID,	  /* it was changed, the signature is broken, or of somebody else */
	SIGNED_UNTRUSTED, /* it fits, and nobody whom we trust vouches for the certificate */
};
extern const char *const signed_state_names[]; /* "valid", "invalid", "untrusted", NULL */

/* Zero-initialised. Texts and slices live as long as its pool, until signed_done. */
struct signed_judgement {
	struct pool pool;
	enum signed_state state;
	struct err reason;	 /* why it is not valid, in a sentence's words */
	bool has_cert;		 /* the next ones are there */
	struct cert cert;	 /* of who signed */
	const char *addresses;	 /* that the certificate is for, parted by blanks */
	const char *from;	 /* whom the message says it is from */
	int64_t when;		 /* he says that he signed it then; 0: he does not say */
	struct verify_path path; /* of a valid one */
	size_t signers;
};

/* Judge a message as an account of that domain would: by the sets of the domain, the server
   and the system, at that time (unix seconds). Of several signers it is the first of whom
   something is wrong that is told of. ERR_ABSENT: it is not signed. Any thread but a
   loop's. */
int signed_judge(struct slice message, struct slice domain, int64_t at,
    struct signed_judgement *out, struct err *err);
void signed_done(struct signed_judgement *j);

/* --- signed_find.c: among those that are stored --- */

struct signed_found {
	const char *mailbox;
	uint32_t uid;
	int64_t when;		    /* it came */
	const char *from, *subject; /* as people read them; from pool */
};

/* The newest messages of the account that seem to be signed, newest first: up to n, of
   those that came last to each mailbox. The number found, or -1. May read much. */
int signed_find(const struct dir_account *account, struct pool *pool, struct signed_found *out,
    size_t n, struct err *err);

#endif
