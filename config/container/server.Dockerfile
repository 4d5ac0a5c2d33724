# A server's image with livecol-udf, the rules and the definition of the function. The program is from the image of Dockerfile;
# "out" is a folder made for this:
#
#   mkdir out
#   livecol config install --rules region.csv --name region --version 1 --key user_id --scripts out --config out
#   docker build -f config/container/server.Dockerfile -t clickhouse-livecol out
FROM clickhouse/clickhouse-server:26.7
COPY --from=livecol /usr/bin/livecol-udf /opt/clickhouse/user_scripts/
COPY region_v1.csv /opt/clickhouse/user_scripts/
COPY region_v1_function.xml /etc/clickhouse-server/
# Not in the data folder, where the server looks by itself: that is a volume, which hides what an image has there.
RUN echo '<clickhouse><user_scripts_path>/opt/clickhouse/user_scripts/</user_scripts_path></clickhouse>' \
      >/etc/clickhouse-server/config.d/user_scripts.xml
