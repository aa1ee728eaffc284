/* fuzz_auth.c - a SASL exchange with a hostile client
 *
 * Input: a byte of flags, then lines: the mechanism, an initial response, the
 * answers. It may know a name, but never the password: it must not get in. */
#include <stdlib.h>

#include "core/auth.h"
#include "core/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* One round is enough here: RFC 5802's cost is not what is tested. */
static const char secret[] = "SCRAM-SHA-256$1:W22ZaJ0SNY7soEsUEjb6gQ==$"
			     "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
			     "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

static int find(void *arg, struct slice login, struct pool *pool, struct auth_account *out)
{
	(void)arg, (void)pool;
	if (slice_eq(login, SLICE("later")))
		return -1;
	*out = (struct auth_account){ .id = 1, .name = "ann", .secrets = { secret } };
	return slice_eq(login, SLICE("ann"));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	log_level_set(LOG_ERROR);
	return auth_start(&(struct auth_backend){ .find = find }, NULL);
}

enum { TLS = 1, BINDING = 2, ENCODED = 4, INITIAL = 8, EXTERNAL = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = { 0 };
	if (size == 0)
		return 0;
	unsigned flags = data[0];
	struct slice rest = slice_of(data + 1, size - 1), mech = slice_cut(&rest, '\n');
	struct slice initial = flags & INITIAL ? slice_cut(&rest, '\n') : (struct slice){ 0 };
	struct auth_channel channel = {
		.tls = flags & TLS,
		.bound = flags & BINDING,
		.external = flags & EXTERNAL ? "nobody@beta.test cy@beta.test" : NULL,
	};
	struct auth *auth = auth_new("imap", &channel);

	enum auth_result result = flags & ENCODED ? auth_line_begin(auth, mech, initial, &out)
						  : auth_begin(auth, mech, initial, &out);
	while (result == AUTH_MORE && rest.p) {
		struct slice line = slice_cut(&rest, '\n');
		result = flags & ENCODED ? auth_line_step(auth, line, &out)
					 : auth_step(auth, line, &out);
	}
	if (result == AUTH_OK)
		abort();
	auth_free(&auth);
	buf_done(&out);
	return 0;
}
