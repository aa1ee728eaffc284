/* cmd_capa.c - tell what this server can: each command's row knows its lines */
#include "protocols/pop/pop.h"

static enum sess_next run(struct pop *pop, struct slice args)
{
	struct buf *out = sess_out(pop->s);
	(void)args;
	pop_ok(pop, "capabilities follow");
	for (size_t i = 0; i < pop_command_table_n; i++) {
		const struct pop_command *command = pop_command_table[i];
		if (command->capability)
			buf_addz(out, command->capability);
		if (command->announce)
			command->announce(pop, out);
	}
	buf_addz(out, ".\r\n");
	return SESS_NEXT;
}

/* Two things that belong to no command: response codes in brackets, and
   commands sent ahead of replies. */
POP_COMMAND(capa) = {
	.name = "CAPA",
	.states = POP_AUTHORIZATION | POP_TRANSACTION,
	.instant = true,
	.ref = "RFC 2449",
	.capability = "RESP-CODES\r\nPIPELINING\r\n",
	.announce = pop_put_delay,
	.run = run,
};
