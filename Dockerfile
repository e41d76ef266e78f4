# The container of LDCTIQAC2023: reads /input/images/synthetic-ct/, writes
# /output/image-quality-scores.json. The weights are in the package; it needs no network.
#   docker build --tag distiliqa .
#   docker run --rm --network none --volume IN:/input:ro --volume OUT:/output distiliqa
FROM python:3.11-slim

WORKDIR /opt/distiliqa
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
# Without the cache and the sources, which are in site-packages once they are installed.
RUN pip install --no-cache-dir --constraint constraints.txt . && rm -r ./*

# OUT must be writable for this user.
RUN useradd --create-home --uid 1000 distiliqa
USER distiliqa
WORKDIR /home/distiliqa

ENTRYPOINT ["distiliqa", "challenge"]
