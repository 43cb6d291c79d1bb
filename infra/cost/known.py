"""Which types of resource are priced by what, which cost nothing of their own, and which cost what nobody here knows.

A type that is in none of the tables is shown as not priced too, never as free.
"""

from collections.abc import Callable

from infra.cost import network, nodes, serverless
from infra.cost.bill import Item
from infra.cost.context import Context
from infra.cost.preview import Resource

Pricer = Callable[[Resource, Context], list[Item]]

ANSWERING = ("aws:lambda/function:Function", "gcp:cloudrunv2/service:Service")
BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")

PRICERS: dict[str, Pricer] = {
    "aws:alb/loadBalancer:LoadBalancer": network.aws_balancer,
    "aws:ec2/instance:Instance": nodes.ec2_instance,
    "aws:ec2/natGateway:NatGateway": network.aws_nat_gateway,
    "aws:eks/cluster:Cluster": nodes.eks_cluster,
    "aws:eks/nodeGroup:NodeGroup": nodes.eks_node_group,
    "aws:globalaccelerator/accelerator:Accelerator": network.global_accelerator,
    "aws:lambda/function:Function": serverless.lambda_function,
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": serverless.lambda_provisioned,
    "aws:lb/loadBalancer:LoadBalancer": network.aws_balancer,
    "aws:route53/healthCheck:HealthCheck": network.route53_health_check,
    "aws:route53/record:Record": network.route53_record,
    "gcp:cloudrunv2/service:Service": serverless.cloud_run_service,
    "gcp:compute/globalForwardingRule:GlobalForwardingRule": network.forwarding_rule,
    "gcp:compute/instance:Instance": nodes.gce_instance,
    "gcp:compute/routerNat:RouterNat": network.gcp_nat,
    "gcp:container/cluster:Cluster": nodes.gke_cluster,
    "gcp:container/nodePool:NodePool": nodes.gke_node_pool,
}

FREE = (
    "aws:acm/certificate",
    "aws:apigateway/apiKey:",
    "aws:apigatewayv2/apiMapping:",
    "aws:apigatewayv2/authorizer:",
    "aws:apigatewayv2/domainName:",
    "aws:apigatewayv2/integration:",
    "aws:apigatewayv2/route:",
    "aws:apigatewayv2/stage:",
    "aws:appautoscaling/",
    "aws:autoscaling/",
    "aws:budgets/",
    "aws:cloudfront/cachePolicy:",
    "aws:cloudfront/originRequestPolicy:",
    "aws:cloudfront/responseHeadersPolicy:",
    "aws:cloudwatch/eventRule:",
    "aws:cloudwatch/eventTarget:",
    "aws:costexplorer/",
    "aws:ec2/defaultSecurityGroup:",
    "aws:ec2/internetGateway:",
    "aws:ec2/launchTemplate:",
    "aws:ec2/placementGroup:",
    "aws:ec2/route:",
    "aws:ec2/routeTable:",
    "aws:ec2/routeTableAssociation:",
    "aws:ec2/securityGroup:",
    "aws:ec2/securityGroupRule:",
    "aws:ec2/subnet:",
    "aws:ec2/vpc:",
    "aws:ecr/lifecyclePolicy:",
    "aws:ecr/replicationConfiguration:",
    "aws:ecr/repositoryPolicy:",
    "aws:eks/accessEntry:",
    "aws:eks/accessPolicyAssociation:",
    "aws:eks/addon:",
    "aws:eks/podIdentityAssociation:",
    "aws:globalaccelerator/endpointGroup:",
    "aws:globalaccelerator/listener:",
    "aws:iam/",
    "aws:lambda/alias:",
    "aws:lambda/eventSourceMapping:",
    "aws:lambda/functionUrl:",
    "aws:lambda/permission:",
    "aws:lb/listener:",
    "aws:lb/listenerRule:",
    "aws:lb/targetGroup:",
    "aws:lb/targetGroupAttachment:",
    "aws:s3/bucketLifecycleConfiguration:",
    "aws:s3/bucketOwnershipControls:",
    "aws:s3/bucketPolicy:",
    "aws:s3/bucketPublicAccessBlock:",
    "aws:s3/bucketReplicationConfig:",
    "aws:s3/bucketServerSideEncryptionConfiguration:",
    "aws:s3/bucketVersioning:",
    "aws:sns/topicPolicy:",
    "aws:sns/topicSubscription:",
    "aws:sqs/queuePolicy:",
    "aws:sqs/redrive",
    "aws:vpc/securityGroup",
    "aws:wafv2/webAclAssociation:",
    "gcp:cloudrunv2/serviceIam",
    "gcp:compute/backendService:",
    "gcp:compute/firewall:",
    "gcp:compute/healthCheck:",
    "gcp:compute/managedSslCertificate:",
    "gcp:compute/network:",
    "gcp:compute/regionNetworkEndpointGroup:",
    "gcp:compute/router:",
    "gcp:compute/subnetwork:",
    "gcp:compute/targetHttp",
    "gcp:compute/uRLMap:",
    "gcp:organizations/",
    "gcp:projects/",
    "gcp:serviceaccount/",
    "gcp:servicenetworking/connection:",
    "slipway:local:",
)
"""By the beginning of the type. Nothing of these is billed by itself; what they hold or pass on may be."""

ON_THE_NODES = "kubernetes:"
"""Objects of a cluster take room on its nodes, which are billed."""

GATEWAY_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
"""Free where it is a gateway (to S3), not where it is an interface."""

BALANCER_SERVICE = "kubernetes:core/v1:Service"
