/* The inputs that fuzz.c once found worth keeping, run again without a fuzzer: replay FILE... */
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int count, char **argument)
{
    uint8_t bytes[4096];
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(argument[i], "rb");
        if (file == NULL) {
            perror(argument[i]);
            return 1;
        }
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        (void)LLVMFuzzerTestOneInput(bytes, size);
    }
    printf("corpus: %d inputs, and nothing broke\n", count - 1);
    return count < 2;
}
