/* The floor of an answer's cost: memcpy of its bytes and gzip at level 1. Prints CPU seconds a round.
 * usage: bench_squeeze FILE ROUNDS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        return fprintf(stderr, "usage: bench_squeeze FILE ROUNDS\n"), 2;
    FILE *f = fopen(argv[1], "rb");
    if (f == NULL)
        return perror(argv[1]), 1;
    fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f);
    rewind(f);
    unsigned char *bytes = malloc(n), *copy = malloc(n), *out = malloc(n + n / 8 + 1024);
    if (fread(bytes, 1, n, f) != n)
        return perror("read"), 1;
    fclose(f);
    int rounds = atoi(argv[2]);
    size_t made = 0;
    clock_t start = clock();
    for (int i = 0; i < rounds; i++) {
        memcpy(copy, bytes, n);
        z_stream z = {0};
        if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
            return 1;
        z.next_in = copy;
        z.avail_in = (unsigned)n;
        z.next_out = out;
        z.avail_out = (unsigned)(n + n / 8 + 1024);
        if (deflate(&z, Z_FINISH) != Z_STREAM_END)
            return 1;
        made += z.total_out;
        deflateEnd(&z);
    }
    printf("%.9f %zu\n", (double)(clock() - start) / CLOCKS_PER_SEC / rounds, made / (size_t)rounds);
    return 0;
}
