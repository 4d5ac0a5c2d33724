/* SPDX-License-Identifier: Apache-2.0 */
/* Linked with one room and the rooms below it: it links where the room keeps its rule. */
int main(void)
{
    return 0;
}
