/* io.c - the stack of layers: each call goes to the top, which asks the one below */
#include "core/io.h"

void io_push(struct io **top, struct io *layer)
{
	layer->below = *top;
	*top = layer;
}

ssize_t io_read(struct io *io, void *buf, size_t n)
{
	return io->ops->read(io, buf, n);
}

int io_write(struct io *io, struct slice data)
{
	return data.n == 0 ? 0 : io->ops->write(io, data);
}

int io_flush(struct io *io)
{
	return io->ops->flush(io);
}

void io_close(struct io **top)
{
	while (*top) {
		struct io *io = *top;
		*top = io->below;
		io->ops->free(io);
	}
}
