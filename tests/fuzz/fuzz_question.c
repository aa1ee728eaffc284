/* fuzz_question.c - lines of JSON that ask for a verdict: each is answered, in one line of JSON */
#include <jansson.h>
#include <stdlib.h>

#include "core/tls.h"
#include "pki/question.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return tls_start(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf answer = { 0 };

	question_line(slice_of(data, n), &answer);
	json_t *json = json_loadb(answer.p, answer.n, 0, NULL);
	if (!json_is_object(json) || memchr(answer.p, '\n', answer.n))
		abort();
	/* Who is refused is told why; who is not, by which path. */
	if (json_is_true(json_object_get(json, "valid"))
		? json_array_size(json_object_get(json, "path")) == 0
		: !json_is_string(json_object_get(json, "reason")))
		abort();
	json_decref(json);
	buf_done(&answer);
	return 0;
}
