/* What is kept of an exchange with a client: several kinds, with the same beginning. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

struct exchange {
    void (*end)(void *exchange); /* frees all of it */
};

#endif
